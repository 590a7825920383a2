# Finds, installs and builds what the commands beside this folder need: source it, set setup_name, call setup_*.
# shellcheck shell=bash
#
# Caller sets:  setup_name     the command's name, which opens each line that it prints
#               setup_install  "yes", or "no" after --no-install
# It leaves:    PYTHON         a Python that imports all modules of setup_modules

setup_root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)"
setup_name="${setup_name:-setup}"
setup_install="${setup_install:-yes}"
setup_modules="pandas scipy matplotlib jinja2 rich"
setup_missing=()

setup_say() { printf '%s: %s\n' "$setup_name" "$*"; }

# One line on standard error, then the given exit status.
setup_die() {
    local status="$1"
    shift
    printf '%s: %s\n' "$setup_name" "$*" >&2
    exit "$status"
}

setup_lacks() { setup_missing+=("$@"); }

# setup_command PACKAGE COMMAND...: the package is missing unless all its commands are there.
setup_command() {
    local package="$1" command
    shift
    for command in "$@"; do
        if ! command -v "$command" >/dev/null 2>&1; then
            setup_lacks "$package"
            return
        fi
    done
}

# setup_library PACKAGE MODULE: by pkg-config where it knows the library, else by the package database.
setup_library() {
    local package="$1" module="$2"
    if command -v pkg-config >/dev/null 2>&1 && pkg-config --exists "$module" 2>/dev/null; then
        return
    fi
    if dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed; then
        return
    fi
    setup_lacks "$package"
}

# Sets PYTHON to the first of $PYTHON, python3 and /usr/bin/python3 that imports every module.
setup_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3 /usr/bin/python3; do
        [[ -n "$candidate" ]] || continue
        if "$candidate" -c "import ${setup_modules// /, }" >/dev/null 2>&1; then
            PYTHON="$candidate"
            export PYTHON
            return 0
        fi
    done
    return 1
}

setup_need_python() {
    setup_python && return
    local module
    setup_lacks python3
    for module in $setup_modules; do
        setup_lacks "python3-$module"
    done
}

setup_need_build() {
    setup_command cmake cmake
    setup_command ninja-build ninja
    setup_command gcc gcc
    setup_command g++ g++
    setup_command pkg-config pkg-config
    setup_command binutils objdump
    setup_command hwloc-nox lstopo-no-graphics
    setup_library libbenchmark-dev benchmark
    setup_library libhwloc-dev hwloc
    setup_library libjemalloc-dev jemalloc
    # Without it the build leaves the variant `tracing` out: wanted, not needed.
    if [[ "$setup_install" == yes ]] && ! pkg-config --exists bdw-gc 2>/dev/null && setup_knows libgc-dev; then
        setup_lacks libgc-dev
    fi
}

# The libraries of the peers (docs/peers.md). The build does without those that are missing.
setup_need_native_peers() {
    [[ -e /usr/include/boost/version.hpp ]] || setup_lacks libboost-dev
    setup_command rustc rustc
    setup_library libglib2.0-dev gobject-2.0
}

# Is a package there by now whose peers this build folder was configured without?
setup_peers_came() {
    local package missing
    missing="$(sed -n 's/.*install the package \([^ ]*\) and.*/\1/p' "$1/generated/peers.def" 2>/dev/null | sort -u)"
    for package in $missing; do
        if dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed; then
            return 0
        fi
    done
    return 1
}

# Major version of the distribution's default clang: from clang itself, else from apt, else from the release's name.
setup_clang_major() {
    local major
    major="$(clang -dumpversion 2>/dev/null | cut -d. -f1)" || true
    if [[ -z "$major" ]]; then
        major="$(apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9][0-9]*\)$/\1/p')" || true
    fi
    if [[ -z "$major" ]]; then
        case "$(. /etc/os-release 2>/dev/null && printf '%s' "${VERSION_CODENAME:-}")" in
            noble) major=18 ;;
            *) major=14 ;;
        esac
    fi
    printf '%s' "$major"
}

setup_need_tests() {
    local resources
    setup_command clang clang
    setup_command valgrind valgrind
    setup_need_native_peers
    "${PYTHON:-python3}" -c 'import hypothesis' >/dev/null 2>&1 || setup_lacks python3-hypothesis
    # Tests that want it are skipped where the distribution has no such package.
    if [[ ! -e /usr/include/relacy/relacy.hpp && "$setup_install" == yes ]] && setup_knows relacy-dev; then
        setup_lacks relacy-dev
    fi
    # Google Benchmark's compare.py, likewise.
    if [[ ! -e /usr/share/benchmark/compare.py && "$setup_install" == yes ]] && setup_knows libbenchmark-tools; then
        setup_lacks libbenchmark-tools
    fi
    # The same for the browser that opens the reports: Ubuntu's package of that name is none, but a way to a snap.
    if [[ "$setup_install" == yes ]] && ! (. /etc/os-release && [[ "${ID:-}" == ubuntu ]]) 2>/dev/null; then
        if ! command -v chromium >/dev/null 2>&1 && setup_knows chromium; then
            setup_lacks chromium
        fi
        if ! "${PYTHON:-python3}" -c 'import websocket' >/dev/null 2>&1 && setup_knows python3-websocket; then
            setup_lacks python3-websocket
        fi
    fi
    if command -v clang >/dev/null 2>&1; then
        resources="$(clang -print-resource-dir 2>/dev/null)" || resources=""
        compgen -G "$resources/lib/linux/libclang_rt.tsan-*.a" >/dev/null && return
    fi
    setup_lacks "libclang-rt-$(setup_clang_major)-dev"
}

# Runtimes that scripts/peers measures, and what their extension needs; each where the distribution has it.
setup_need_peers() {
    local package
    setup_command gcc gcc
    for package in pypy3:pypy3 jython:jython; do
        command -v "${package%%:*}" >/dev/null 2>&1 && continue
        if setup_knows "${package#*:}"; then setup_lacks "${package#*:}"; fi
    done
    [[ -e "$(/usr/bin/python3 -c 'import sysconfig; print(sysconfig.get_paths()["include"])' 2>/dev/null)/Python.h" ]] ||
        setup_lacks python3-dev
}

# What builds for AArch64 and runs it here. Fails, after one line, where the distribution has no such packages (on
# AArch64 itself the other tests are these tests).
setup_need_cross() {
    local package before="${#setup_missing[@]}"
    setup_command cmake cmake
    setup_command ninja-build ninja
    setup_command gcc-aarch64-linux-gnu aarch64-linux-gnu-gcc
    setup_command qemu-user qemu-aarch64
    [[ -e /usr/aarch64-linux-gnu/include/pthread.h ]] || setup_lacks libc6-dev-arm64-cross
    for package in "${setup_missing[@]:before}"; do
        if [[ "$setup_install" == yes ]] && ! setup_knows "$package"; then
            setup_say "skipped: AArch64 under qemu: there is no package $package here"
            return 1
        fi
    done
}

# Is there such a package? Asks once more after an update of the lists, which may be absent or old; yes where that
# cannot be done.
setup_knows() {
    apt-cache show "$1" >/dev/null 2>&1 && return
    local prefix
    prefix="$(setup_privilege)" || return 0
    setup_log="$(mktemp)"
    setup_apt "$prefix" update || true
    rm -f "$setup_log"
    apt-cache show "$1" >/dev/null 2>&1
}

# Prints the prefix that makes apt-get work for this user (nothing for root); fails where there is none.
setup_privilege() {
    if [[ "$(id -u)" == 0 ]]; then
        return 0
    fi
    command -v sudo >/dev/null 2>&1 || return 1
    if sudo -n true >/dev/null 2>&1 || [[ -t 0 && -t 2 ]]; then
        printf 'sudo'
        return 0
    fi
    return 1
}

# setup_apt PREFIX ARGUMENT...: apt-get without questions, its output in the log.
setup_apt() {
    local prefix="$1"
    shift
    # shellcheck disable=SC2086  # an empty prefix must vanish
    $prefix env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 -y "$@" >>"$setup_log" 2>&1 </dev/null
}

# Installs whatever setup_need_* found missing; no call of apt at all when that is nothing.
setup_install_missing() {
    ((${#setup_missing[@]})) || return 0
    local prefix advice packages="${setup_missing[*]}"
    advice="missing: $packages; install as root or with sudo: apt-get install -y --no-install-recommends $packages"
    [[ "$setup_install" == yes ]] || setup_die 2 "$advice"
    command -v apt-get >/dev/null 2>&1 || setup_die 2 "$advice"
    prefix="$(setup_privilege)" || setup_die 2 "$advice"

    setup_say "installing $packages"
    setup_log="$(mktemp)"
    local -a install=(install --no-install-recommends "${setup_missing[@]}")
    if ! apt-cache show "${setup_missing[@]}" >/dev/null 2>&1 || ! setup_apt "$prefix" "${install[@]}"; then
        if ! setup_apt "$prefix" update || ! setup_apt "$prefix" "${install[@]}"; then
            tail -n 30 "$setup_log" >&2
            rm -f "$setup_log"
            setup_die 1 "apt-get failed (its last lines are above); $advice"
        fi
    fi
    rm -f "$setup_log"
    setup_missing=()
    [[ -n "${PYTHON:-}" ]] && "$PYTHON" -c "import ${setup_modules// /, }" >/dev/null 2>&1 && return
    setup_python || setup_die 1 "no Python imports ${setup_modules// /, } although all is installed; set PYTHON"
}

# setup_quietly WHAT COMMAND...: says WHAT when it takes more than a moment; shows the output only when it fails.
setup_quietly() {
    local what="$1" log status=0 notice
    shift
    log="$(mktemp)"
    (
        sleep 1.5 >/dev/null 2>&1
        kill -0 $$ 2>/dev/null && setup_say "$what"
    ) &
    notice=$!
    "$@" >"$log" 2>&1 || status=$?
    kill "$notice" 2>/dev/null || true
    wait "$notice" 2>/dev/null || true
    if ((status)); then
        cat "$log" >&2
        rm -f "$log"
        setup_die 1 "$what failed (its output is above)"
    fi
    rm -f "$log"
}

# setup_build PRESET [TARGET]...: configures build/PRESET once, then lets ninja build what is not current. A build
# folder that was configured by hand may not know the Python that runs the tests of scripts/, an older one not the
# libraries of peers.
setup_build() {
    local preset="$1" dir="$setup_root/build/$1"
    shift
    if [[ ! -f "$dir/build.ninja" ]] || ! grep -qs '^RCBENCH_PYTHON:[A-Z]*=.' "$dir/CMakeCache.txt" ||
        setup_peers_came "$dir"; then
        setup_quietly "configuring build/$preset" \
            cmake -S "$setup_root" --preset "$preset" "-DRCBENCH_PYTHON=$(command -v "$PYTHON")"
    fi
    setup_quietly "building build/$preset" cmake --build "$dir" ${1:+--target "$@"}
}
