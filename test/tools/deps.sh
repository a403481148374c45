#!/bin/sh
# tools/deps with a dpkg-query and an apt-get that only play: what it asks for, and when it asks nothing.
# SPDX-License-Identifier: MIT
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"

# the tools that the script may use, and nothing else of the machine
for tool in sh env sed tr; do
    ln -s "$(command -v $tool)" "$work/bin/$tool"
done

plays() { # name; script on stdin
    { echo '#!/bin/sh' && cat; } >"$work/bin/$1"
    chmod +x "$work/bin/$1"
}

deps() { # arguments; sets status, prints to $work/out; calls of apt-get go to $work/calls
    : >"$work/calls"
    status=0
    WORK="$work" PATH="$work/bin" "$SOURCE_DIR/tools/deps" "$@" >"$work/out" 2>&1 || status=$?
}

fail() {
    echo "$1 (exit status $status)"
    cat "$work/out" "$work/calls"
    exit 1
}

plays apt-get <<'END'
echo "$@" >>"$WORK/calls"
END
plays id <<'END'
echo "${PLAY_ID:-0}"
END

# every package is there
plays dpkg-query <<'END'
shift 2
for package in "$@"; do echo "installed=$package"; done
END
deps build test check bench ci
[ "$status" = 0 ] || fail "all installed: failed"
[ ! -s "$work/calls" ] && [ ! -s "$work/out" ] || fail "all installed: not silent"

# gcc was removed and its configuration is left, make is not known
plays dpkg-query <<'END'
shift 2
for package in "$@"; do
    case $package in
    gcc) echo config-files=gcc ;;
    make) ;;
    *) echo "installed=$package" ;;
    esac
done
exit 1
END
deps build build
[ "$status" = 0 ] || fail "two missing: failed"
grep -q '^-q .* update$' "$work/calls" || fail "two missing: no update"
grep -q '^-q .* install -y --no-install-recommends gcc make$' "$work/calls" || fail "two missing: not installed"

PLAY_ID=1000
export PLAY_ID
deps build
[ "$status" = 1 ] && [ ! -s "$work/calls" ] || fail "no root, no sudo: called apt-get"
grep -qx 'tools/deps: neither root nor sudo; please install: gcc make' "$work/out" || fail "no root, no sudo: not said"

plays sudo <<'END'
echo sudo >>"$WORK/calls"
exec "$@"
END
deps build
[ "$status" = 0 ] && grep -q '^sudo$' "$work/calls" && grep -q ' gcc make$' "$work/calls" || fail "sudo: not used"

plays apt-get <<'END'
case $* in *install*) exit 100 ;; esac
END
deps build
[ "$status" = 1 ] && grep -q 'could not install all of: gcc make' "$work/out" || fail "apt-get fails: not said"

rm "$work/bin/dpkg-query"
deps build
[ "$status" = 0 ] && grep -q 'not a Debian system' "$work/out" || fail "not Debian: not said"

deps nonsense
[ "$status" = 2 ] || fail "unknown group: accepted"
