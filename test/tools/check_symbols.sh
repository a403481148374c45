#!/bin/sh
# tools/check_symbols on small archives: one that is right, and each kind of fault by itself.
# SPDX-License-Identifier: MIT
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

library() { # compiler options...; source on stdin; beside it stands a member that others may need
    rm -f lib.a
    cat >it.c
    echo 'int other(int x); int other(int x) { return x + 1; }' >other.c
    cc -c -O2 -fdata-sections "$@" it.c other.c
    ar rc lib.a it.o other.o
}

passes() {
    if ! "$SOURCE_DIR/tools/check_symbols" lib.a >out 2>&1; then
        echo "not accepted: $1"
        cat out
        exit 1
    fi
}

fails() { # what, a pattern of the line that must be printed
    if "$SOURCE_DIR/tools/check_symbols" lib.a >out 2>&1; then
        echo "not noticed: $1"
        exit 1
    fi
    if ! grep -qx "lib.a: it.o: $2" out || [ "$(wc -l <out)" != 2 ]; then
        echo "$1: expected the one fault: $2"
        cat out
        exit 1
    fi
}

library -fPIC -fstack-protector-all <<'END'
#include <string.h>
int other(int x);
const char *const words[] = {"no", "yes"};
size_t f(char *to, const char *from, __int128 *wide) {
    memcpy(to, from, strlen(from));
    *wide /= other(1);
    return strlen(words[other(0)]);
}
END
passes "mem*, str*, compiler helpers, its own members, tables of addresses"

library <<'END'
#include <stdlib.h>
void *f(size_t n) { return malloc(n); }
END
fails "malloc" 'needs malloc'

library <<'END'
#include <string.h>
char *f(char *s) { return strtok(s, ","); }
END
fails "a str function with memory" 'needs strtok'

library <<'END'
extern int elsewhere;
int f(void) { return elsewhere; }
END
fails "a variable of nobody" 'needs elsewhere'

library <<'END'
int f(void) { static int calls; return ++calls; }
END
fails "bss" '4 bytes in \.bss\..*'

library <<'END'
int f(void) { static int calls = 7; return ++calls; }
END
fails "data" '4 bytes in \.data\..*'

library -fPIC <<'END'
extern const char text[];
const char text[] = "x";
const char *g = text;
END
fails "a pointer that is not const" '8 bytes in \.data\.rel.*'

library <<'END'
_Thread_local int mine;
int f(void) { return ++mine; }
END
fails "thread local memory" '4 bytes in \.tbss.*'

library -fcommon <<'END'
int shared;
END
fails "a common block" 'shared is writable memory (common)'

if "$SOURCE_DIR/tools/check_symbols" missing.a >out 2>&1; then
    echo "not noticed: a library that does not exist"
    exit 1
fi
