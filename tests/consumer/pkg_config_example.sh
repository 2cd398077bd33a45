#!/usr/bin/env bash
# pkg_config_example.sh <prefix> <compiler> <source> <object> <program> <module>...
#   An example's headers are found with the flags of its components' pkg-config modules alone, and what our build made of
#   it links with their libraries: each example is not compiled a second time, since that would tell nothing more.
set -euo pipefail
prefix=$1 compiler=$2 source=$3 object=$4 program=$5
shift 5
export PKG_CONFIG_PATH=$prefix/share/pkgconfig
read -ra flags < <(pkg-config --cflags "$@")
read -ra libraries < <(pkg-config --libs "$@")
"$compiler" -std=c++20 -E "${flags[@]}" "$source" -o /dev/null
"$compiler" "$object" "${libraries[@]}" -Wl,--no-undefined -o "$program"
