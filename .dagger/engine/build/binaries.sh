#!/bin/bash
# binaries.sh OUT: the Dagger CLI, engine and helpers, built from the Go module of the release in go.mod.
set -euo pipefail
cd "$(dirname "$0")/.."
m=github.com/dagger/dagger
v=$(go list -mod=readonly -m -f '{{.Version}}' $m)

# Static binaries: dagger-init runs as pid 1 of any container, the engine in a root filesystem of its own.
CGO_ENABLED=0 go build -mod=readonly -buildvcs=false -trimpath \
	-ldflags "-s -w -X $m/engine.Version=$v -X $m/engine.Tag=$v" -o "$1/" \
	$m/cmd/dagger $m/cmd/engine $m/cmd/codegen $m/cmd/dnsname $m/cmd/dialstdio $m/cmd/init
mv "$1/engine" "$1/dagger-engine"
mv "$1/init" "$1/dagger-init"
