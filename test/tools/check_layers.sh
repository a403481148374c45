#!/bin/sh
# tools/check_layers on small trees: one that is right, and each kind of fault by itself.
# SPDX-License-Identifier: MIT
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

good() { # make a tree without faults
    rm -rf "$work/tree"
    mkdir -p "$work/tree/include/voltbus" "$work/tree/src/base" "$work/tree/src/device" "$work/tree/host" "$work/tree/test"
    cd "$work/tree"
    printf '#include <stdint.h>\n' >include/voltbus/low.h
    printf '#include "voltbus/low.h"\n' >include/voltbus/high.h
    printf '#include "voltbus/low.h"\n#include <string.h>\n' >src/base/low.c
    printf '#include "voltbus/high.h"\n#include "rows.h"\n' >src/device/high.c
    printf '/* #include "voltbus/high.h"\n#include "host/all.h" */\n' >src/base/comment.c
    printf '#include "base/private.h"\n' >src/device/rows.h
    : >src/base/private.h
    printf '#include <stdio.h>\n#include <voltbus/high.h>\n' >host/all.h
    printf '#include "host/all.h"\n#include <cmocka.h>\n' >test/test_all.c
}

passes() {
    if ! "$SOURCE_DIR/tools/check_layers" "$work/tree" >"$work/out" 2>&1; then
        echo "not accepted: $1"
        cat "$work/out"
        exit 1
    fi
}

fails() { # what, a line that must be printed
    if "$SOURCE_DIR/tools/check_layers" "$work/tree" >"$work/out" 2>&1; then
        echo "not noticed: $1"
        exit 1
    fi
    if ! grep -qxF "$2" "$work/out" || [ "$(wc -l <"$work/out")" != 2 ]; then
        echo "$1: expected the one fault: $2"
        cat "$work/out"
        exit 1
    fi
}

allowed="(allowed: limits.h stdbool.h stddef.h stdint.h string.h)"

good
passes "a tree without faults"

good
printf '\n#include "voltbus/high.h"\n' >src/base/low.c
fails "a source that includes a public header above it" \
    'src/base/low.c:2: layer 0 (src/base) includes layer 2 (src/device) header voltbus/high.h'

good
printf '#include "voltbus/high.h"\n' >include/voltbus/low.h
printf '' >include/voltbus/high.h
fails "a public header that includes one above it" \
    'include/voltbus/low.h:1: layer 0 (src/base) includes layer 2 (src/device) header voltbus/high.h'

good
printf '#  include "device/rows.h"\n' >src/base/low.c
fails "a source that includes a private header above it" \
    'src/base/low.c:1: layer 0 (src/base) includes layer 2 (src/device) header device/rows.h'

good
printf '#include "../device/rows.h"\n' >src/base/low.c
fails "an upward include by a relative path" \
    'src/base/low.c:1: layer 0 (src/base) includes layer 2 (src/device) header ../device/rows.h'

good
printf '#include "host/all.h"\n' >src/device/rows.h
fails "the library including the host" \
    'src/device/rows.h:1: layer 2 (src/device) includes layer 5 (host) header host/all.h'

good
: >include/voltbus/nobody.h
fails "a public header without a source" \
    'include/voltbus/nobody.h:1: public header without a source src/*/nobody.c'

good
printf '#include <stdio.h>\n' >src/device/high.c
fails "a system header in the library" \
    "src/device/high.c:1: the library includes the system header <stdio.h> $allowed"

good
printf '#include <time.h>\n' >include/voltbus/low.h
fails "a system header in a public header" \
    "include/voltbus/low.h:1: the library includes the system header <time.h> $allowed"

good
mkdir src/new
: >src/new/thing.c
fails "a folder that has no layer" 'src/new/thing.c:1: stands in no folder that has a layer'

rm -rf "$work/tree"
mkdir "$work/tree"
if "$SOURCE_DIR/tools/check_layers" "$work/tree" >/dev/null 2>&1; then
    echo "not noticed: an empty tree"
    exit 1
fi
