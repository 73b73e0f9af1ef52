# shellcheck shell=bash
# Packages from PyPI into a folder of their own, for tests and tools; the program itself uses no Python. Sourced after common.sh.

# ft_get_wheels FOLDER REQUIREMENTS NAME WHAT-IT-DOES: into FOLDER/packages; FOLDER/python is then the Python that they fit. What is
# there already stays. Where they cannot be had the script ends, and says why.
ft_get_wheels() {
    local folder=$1 requirements=$2 name=$3 purpose=$4 python='' candidate stamp
    for candidate in python3 /usr/bin/python3; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null &&
            "$candidate" -m pip --version >/dev/null 2>&1; then
            python=$("$candidate" -c 'import sys; print(sys.executable)')
            break
        fi
    done
    [[ -n $python ]] || ft_die "$name needs Python 3.10 or later with pip: install python3-pip"

    # Packages with compiled parts fit one Python only.
    stamp="$("$python" -c 'import sys; print(sys.version)' | tr '\n' ' ') $(sha256sum <"$requirements")"
    [[ ! -x $folder/python || ! -f $folder/stamp || $(<"$folder/stamp") != "$stamp" ]] || return 0

    ft_say "Getting $name, which $purpose …"
    rm -rf -- "$folder"
    mkdir -p -- "$folder"
    if ! "$python" -m pip install --no-deps --only-binary :all: --no-input --disable-pip-version-check --retries 2 --timeout 30 \
        --quiet --target "$folder/packages" -r "$requirements" >"$folder/pip.log" 2>&1; then
        grep -E 'ERROR|error' "$folder/pip.log" | tail -n 3 >&2 || tail -n 3 "$folder/pip.log" >&2
        ft_die "pip could not get $name (see above): check the network and pip's settings"
    fi
    ln -s -- "$python" "$folder/python"
    printf '%s' "$stamp" >"$folder/stamp"
}
