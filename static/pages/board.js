import { watchBuild } from "./build.js";

watchBuild();
