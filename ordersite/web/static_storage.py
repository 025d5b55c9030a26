"""File names of what browsers load, each with a hash of its content."""

from typing import ClassVar

from whitenoise.storage import CompressedManifestStaticFilesStorage

# `import { x } from "./y.js"`, `import "./y.js"`, `export … from "./y.js"`, `import("./y.js")`.
IMPORTS = (
    r"""(?P<matched>(?P<start>\b(?:import|export)\b[^"';]*?)["'](?P<url>\./[^"']+)["'])""",
    """%(start)s"%(url)s\"""",
)


class HashedStorage(CompressedManifestStaticFilesStorage):
    """Also in the imports of our pages' modules, and of no other script: not all that packages bring can be read."""

    patterns: ClassVar = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("pages/*.js", (IMPORTS,)),
        ("admin-*.js", (IMPORTS,)),
    )
