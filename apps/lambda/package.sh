#!/usr/bin/env bash
# Zips the program of the Lambda functions with all that it needs, its C library and loader included, as Amazon Linux
# 2023 has older ones:
#     apps/lambda/package.sh BOOTSTRAP ZIP
# BOOTSTRAP is what `ninja bootstrap` has built. In the zip: bootstrap (what Lambda starts), bin/bootstrap, lib/.
set -euo pipefail

(($# == 2)) || {
    echo "usage: package.sh BOOTSTRAP ZIP" >&2
    exit 2
}
program=$(readlink -f -- "$1")
[[ -x $program ]] || {
    echo "$1: is not built; ninja -C build/release bootstrap" >&2
    exit 1
}
command -v zip >/dev/null || {
    echo "zip is missing: sudo apt-get install zip" >&2
    exit 1
}
mkdir -p -- "$(dirname -- "$2")"
zip_file=$(readlink -f -- "$(dirname -- "$2")")/$(basename -- "$2")
folder=$(mktemp -d)
trap 'rm -rf -- "$folder"' EXIT

mkdir -- "$folder/bin" "$folder/lib"
cp -- "$program" "$folder/bin/bootstrap"
strip -- "$folder/bin/bootstrap"

# "libcurl.so.4 => /usr/lib/… (0x…)", and the loader without an arrow. linux-vdso is the kernel's.
loader=
while read -r library; do
    cp -L -- "$library" "$folder/lib/"
    [[ $library != */ld-linux* ]] || loader=$(basename -- "$library")
done < <(ldd "$program" | awk '/=> \// {print $3} /^[[:space:]]*\// {print $1}')
[[ -n $loader ]] || {
    echo "$program: has no loader; it must be linked against shared libraries" >&2
    exit 1
}
# Names are looked up through these, which nothing is linked against.
for name in libnss_dns.so.2 libnss_files.so.2 libresolv.so.2; do
    library=$(dirname -- "$(ldd "$program" | awk '/libc\.so\.6/ {print $3}')")/$name
    [[ ! -f $library ]] || cp -L -- "$library" "$folder/lib/"
done
# Where another distribution keeps its certificates is no business of ours.
for certificates in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt; do
    [[ -f $certificates ]] || continue
    cp -L -- "$certificates" "$folder/lib/certificates.pem"
    break
done

cat >"$folder/bootstrap" <<EOF
#!/bin/sh
root=\${LAMBDA_TASK_ROOT:-\$(dirname "\$0")}
export AWS_CA_BUNDLE="\${AWS_CA_BUNDLE:-\$root/lib/certificates.pem}"
exec "\$root/lib/$loader" --library-path "\$root/lib" "\$root/bin/bootstrap" "\$@"
EOF
chmod 0755 -- "$folder/bootstrap" "$folder/lib/$loader"
# The same program gives the same zip, so that deploying it again changes nothing.
find "$folder" -exec touch -d '1980-01-02 00:00:00 UTC' {} +
rm -f -- "$zip_file"
(cd -- "$folder" && find . -type f | LC_ALL=C sort | sed 's|^\./||' | TZ=UTC zip -q -X -9 "$zip_file" -@)
printf '%s: %s bytes\n' "$zip_file" "$(stat -c %s -- "$zip_file")"
