#!/bin/sh
# func_names.sh abi_func.h: a row FUNC(name, id) for each helper of enum skep_func_id
tr , '\n' < "$1" | sed -n 's/.*SKEP_FUNC_\([a-z0-9_]*\) *= *\([0-9]*\).*/FUNC(\1, \2)/p'
