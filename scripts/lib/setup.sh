# Finds, installs and builds what the commands beside this folder need: source it, set setup_name, call setup_*.
# shellcheck shell=bash
#
# Caller sets:  setup_name     the command's name, which opens each line that it prints
# It leaves:    setup_install  "yes", or "no" after --no-install
#               PYTHON         a Python that has all modules of setup_modules

setup_root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)"
setup_start="$setup_root/scripts/lib/start.py"
setup_name="${setup_name:-setup}"
setup_install="${setup_install:-yes}"
setup_modules="pandas scipy matplotlib jinja2 rich"
setup_missing=()
setup_wanted=()
setup_folder=""

# A file that is opened while one of these is closed would take its place, and messages would land in it.
: 3>&2 || exec 2>/dev/null
{ : 3<&0; } 2>/dev/null || exec </dev/null
{ : 3>&1; } 2>/dev/null || exec >/dev/null

# An empty or relative entry would make every Python look into the current directory first.
setup_path=""
while IFS= read -r -d : setup_entry; do
    [[ "$setup_entry" != /* ]] || setup_path+="${setup_path:+:}$setup_entry"
done <<<"${PYTHONPATH:-}:"
if [[ -n "$setup_path" ]]; then export PYTHONPATH="$setup_path"; else unset PYTHONPATH; fi

setup_say() { printf '%s: %s\n' "$setup_name" "$*"; }

# One line on standard error, then the given exit status.
setup_die() {
    local status="$1"
    shift
    printf '%s: %s\n' "$setup_name" "$*" >&2
    exit "$status"
}

# Whoever started us may have told us to ignore one of these; the shell then keeps to that.
trap 'setup_die 129 "ended by SIGHUP"' HUP
trap 'setup_die 130 interrupted' INT
trap 'setup_die 131 "ended by SIGQUIT"' QUIT
trap 'setup_die 143 "ended by SIGTERM"' TERM
trap 'setup_clean' EXIT

# Makes setup_folder, for files that are needed for a moment.
setup_scratch() {
    [[ -n "$setup_folder" ]] || setup_folder="$(mktemp -d "${TMPDIR:-/tmp}/rcbench-setup.XXXXXX")" ||
        setup_die 1 "no folder for temporary files can be made in ${TMPDIR:-/tmp}"
}

setup_clean() {
    [[ -z "$setup_folder" ]] || rm -rf -- "$setup_folder"
    setup_folder=""
}

# setup_arguments ARGUMENT... <<HELP: prints the help where it is asked for, and refuses an option that it does not name,
# before anything is looked for, installed or built.
setup_arguments() {
    local help argument name word
    local -a names=()
    IFS= read -r -d '' help || true
    while read -r word _; do
        [[ "$word" != -* ]] || names+=("$word")
    done <<<"$help"
    for argument in "$@"; do
        case "$argument" in
            -h | --help)
                printf '%s' "$help"
                exit 0
                ;;
            --no-install) setup_install=no ;;
        esac
    done
    for argument in "$@"; do
        [[ "$argument" != -- ]] || break
        [[ "$argument" == -[!0-9]* ]] || continue
        name="${argument%%=*}"
        for word in "${names[@]}"; do
            # A short option may have its value right behind it.
            [[ "$name" != "$word" && ! ("$word" == -[!-] && "$name" == "$word"?*) ]] || continue 2
        done
        setup_die 2 "$name: not an option; accepted: see scripts/$setup_name --help"
    done
}

# A package that is needed, or, where setup_as is "wanted", one that is done without.
setup_as=needed
setup_lacks() {
    if [[ "$setup_as" == wanted ]]; then setup_wanted+=("$@"); else setup_missing+=("$@"); fi
}

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

# setup_has PYTHON MODULE...: whether there is such a Python with these modules.
setup_has() {
    local python="$1" status=0
    shift
    "$python" "$setup_start" --has "$@" >/dev/null 2>&1 || status=$?
    case "$status" in
        129 | 130 | 131 | 143) exit "$status" ;; # it was told to end, and so are we
    esac
    return "$status"
}

# Sets PYTHON to the first of $PYTHON, python3 and /usr/bin/python3 that has every module.
setup_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3 /usr/bin/python3; do
        [[ -n "$candidate" ]] || continue
        # shellcheck disable=SC2086  # one word for each module
        if setup_has "$candidate" $setup_modules; then
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

# setup_run MODULE ARGUMENT...: becomes the command. Ctrl-C waits until Python can answer it in one line.
setup_run() {
    local module="$1"
    local -a block=(env --block-signal=INT)
    shift
    setup_clean
    "${block[@]}" true >/dev/null 2>&1 || block=() # an older env
    exec ${block[@]+"${block[@]}"} "$PYTHON" "$setup_start" "$module" "$setup_name" "$@"
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
    local setup_as=wanted # without it the build leaves the variant `tracing` out
    setup_library libgc-dev bdw-gc
}

# The libraries of the peers (bench/libraries/README.md). The build does without those that are missing.
setup_need_native_peers() {
    [[ -e /usr/include/boost/version.hpp ]] || setup_lacks libboost-dev
    setup_command rustc rustc
    setup_library libglib2.0-dev gobject-2.0
}

# Is a package there by now whose peers this build folder was configured without?
setup_peers_came() {
    local package missing
    [[ -f "$1/generated/peers.def" ]] || return 1
    missing="$(sed -n 's/.*install the package \([^ ]*\) and.*/\1/p' "$1/generated/peers.def" | sort -u)"
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

# Can clang link its ThreadSanitizer?
setup_clang_sanitizes() {
    local resources
    command -v clang >/dev/null 2>&1 || return 1
    resources="$(clang -print-resource-dir 2>/dev/null)" || return 1
    compgen -G "$resources/lib/linux/libclang_rt.tsan-*.a" >/dev/null
}

# What single tests need on top: they are skipped, and say so, where it is missing.
setup_need_tests() {
    local setup_as=wanted
    setup_command clang clang
    setup_clang_sanitizes || setup_lacks "libclang-rt-$(setup_clang_major)-dev"
    setup_command valgrind valgrind
    setup_need_native_peers
    setup_has "${PYTHON:-python3}" hypothesis || setup_lacks python3-hypothesis
    [[ -e /usr/share/benchmark/compare.py ]] || setup_lacks libbenchmark-tools
    # The browser that opens the reports: Ubuntu's package of that name is none, but a way to a snap.
    if ! (. /etc/os-release && [[ "${ID:-}" == ubuntu ]]) 2>/dev/null; then
        setup_command chromium chromium
        setup_has "${PYTHON:-python3}" websocket || setup_lacks python3-websocket
    fi
}

# Runtimes that scripts/peers measures, and what their extension needs; each where the distribution has it.
setup_need_peers() {
    local package
    setup_command gcc gcc
    for package in pypy3:pypy3 jython:jython; do
        command -v "${package%%:*}" >/dev/null 2>&1 && continue
        if setup_knows "${package#*:}"; then setup_lacks "${package#*:}"; fi
    done
    [[ -e "$(/usr/bin/python3 -I -c 'import sysconfig; print(sysconfig.get_paths()["include"])' 2>/dev/null)/Python.h" ]] ||
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
    setup_apt "$prefix" update || true
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

# setup_apt PREFIX ARGUMENT...: apt-get without questions, its output in a log.
setup_apt() {
    local prefix="$1"
    shift
    setup_scratch
    # shellcheck disable=SC2086  # an empty prefix must vanish
    $prefix env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 -y "$@" \
        >>"$setup_folder/apt.log" 2>&1 </dev/null
}

# setup_weight PACKAGE...: how many packages that would be with all that they need, and what they take on the disk, in
# words; nothing where apt cannot say.
setup_weight() {
    local -a all
    mapfile -t all < <(apt-get -s install --no-install-recommends "$@" 2>/dev/null | sed -n 's/^Inst \([^ ]*\).*/\1/p')
    ((${#all[@]})) || return 0
    apt-cache show --no-all-versions "${all[@]}" 2>/dev/null | awk -v count="${#all[@]}" '
        /^Installed-Size:/ { kib += $2 }
        END { printf " (with all that they need %d packages, %.0f MB)", count, kib * 1024 / 1e6 }'
}

# Goes on without what is only wanted, after a line; ends where something is needed.
setup_do_without() {
    local packages="${setup_missing[*]}"
    ((${#setup_missing[@]} == 0)) ||
        setup_die 2 "missing: $packages; install as root or with sudo: apt-get install -y --no-install-recommends $packages"
    setup_say "not installed, and done without: ${setup_wanted[*]}"
}

# Installs what setup_need_* found missing: after a question on a terminal. No call of apt at all when that is nothing.
setup_install_missing() {
    local package prefix answer
    local -a packages=(${setup_missing[@]+"${setup_missing[@]}"})
    ((${#setup_missing[@]} + ${#setup_wanted[@]})) || return 0
    if [[ "$setup_install" != yes ]] || ! command -v apt-get >/dev/null 2>&1 || ! prefix="$(setup_privilege)"; then
        setup_do_without
        return
    fi
    for package in ${setup_wanted[@]+"${setup_wanted[@]}"}; do
        ! apt-cache show "$package" >/dev/null 2>&1 || packages+=("$package")
    done
    ((${#packages[@]})) || return 0 # the distribution has none of what is wanted
    setup_say "installing ${packages[*]}$(setup_weight "${packages[@]}")"
    if [[ -t 0 && -t 2 ]]; then
        IFS= read -r -p "$setup_name: install them? [Y/n] " answer || answer=n
        if [[ ! "$answer" =~ ^([yY]|[yY][eE][sS])?$ ]]; then
            setup_do_without
            return
        fi
    fi
    local -a install=(install --no-install-recommends "${packages[@]}")
    if ! apt-cache show "${packages[@]}" >/dev/null 2>&1 || ! setup_apt "$prefix" "${install[@]}"; then
        if ! setup_apt "$prefix" update || ! setup_apt "$prefix" "${install[@]}"; then
            tail -n 30 "$setup_folder/apt.log" >&2
            setup_die 1 "apt-get failed (its last lines are above) to install ${packages[*]}"
        fi
    fi
    setup_missing=() setup_wanted=()
    setup_python || setup_die 1 "no Python has ${setup_modules// /, } although all is installed; set PYTHON"
}

# setup_quietly WHAT COMMAND...: says WHAT when it takes more than a moment; shows the output only when it fails.
setup_quietly() {
    local what="$1" status=0 notice
    shift
    setup_scratch
    (
        trap - EXIT HUP INT QUIT TERM
        # The sleep may outlive this, and would keep the lock.
        [[ -z "${setup_lock:-}" ]] || exec {setup_lock}>&-
        sleep 1.5 >/dev/null 2>&1
        kill -0 $$ 2>/dev/null && setup_say "$what"
    ) &
    notice=$!
    "$@" >"$setup_folder/log" 2>&1 || status=$?
    kill "$notice" 2>/dev/null || true
    wait "$notice" 2>/dev/null || true
    if ((status)); then
        cat "$setup_folder/log" >&2
        setup_die 1 "$what failed (its output is above)"
    fi
}

# Two commands that are started at once in a new checkout build one after the other. The lock goes with the descriptor.
setup_lock_build() {
    mkdir -p "$setup_root/build"
    exec {setup_lock}>"$setup_root/build/.lock"
    command -v flock >/dev/null 2>&1 || return 0
    flock -n "$setup_lock" && return
    setup_say "waiting for another command that builds here"
    flock "$setup_lock"
}

# A copy of a checkout has a build folder that leads to the original: what is built there, and measured, is the original.
setup_forget_copied() {
    local dir="$1" home
    [[ -f "$dir/CMakeCache.txt" ]] || return 0
    home="$(sed -n 's/^CMAKE_HOME_DIRECTORY:[A-Z]*=//p' "$dir/CMakeCache.txt")"
    [[ -n "$home" && ! "$home" -ef "$setup_root" ]] || return 0
    setup_say "$dir was configured for $home: it is built anew"
    rm -rf -- "$dir/CMakeCache.txt" "$dir/CMakeFiles" "$dir/build.ninja" "$dir/.ninja_log" "$dir/.ninja_deps"
}

# setup_build PRESET [TARGET]...: configures build/PRESET once, then lets ninja build what is not current. A build
# folder that was configured by hand may not know the Python that runs the tests of scripts/, an older one not the
# libraries of peers.
setup_build() {
    local preset="$1" dir="$setup_root/build/$1"
    shift
    setup_lock_build
    setup_forget_copied "$dir"
    if [[ ! -f "$dir/build.ninja" ]] || ! grep -qs '^RCBENCH_PYTHON:[A-Z]*=.' "$dir/CMakeCache.txt" ||
        setup_peers_came "$dir"; then
        setup_quietly "configuring build/$preset" \
            cmake -S "$setup_root" --preset "$preset" "-DRCBENCH_PYTHON=$(command -v "$PYTHON")"
    fi
    setup_quietly "building build/$preset" cmake --build "$dir" ${1:+--target "$@"}
    exec {setup_lock}>&-
}
