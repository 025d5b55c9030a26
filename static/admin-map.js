// The map with a pin.
"use strict";
