#!/bin/bash
# plugins.sh OUT: the Docker CLI plugins Compose and Buildx, which Debian does not have, from their Go modules.
set -euo pipefail

plugin() { # file, module, version, package, variable that holds the version
	local dir
	dir=$(go mod download -json "$2@$3" | sed -n 's/^\t"Dir": "\(.*\)",\?$/\1/p')
	# Built in the module's own folder, so that its go.mod and go.sum decide every dependency.
	(cd "$dir" && CGO_ENABLED=0 go build -mod=readonly -buildvcs=false -trimpath -ldflags "-s -w -X $2/$5=$3" -o "$out/$1" "$4")
}

out=$1
plugin docker-compose github.com/docker/compose/v2 v2.40.3 ./cmd internal.Version
# One that is older than Seamless accepts, for its tests.
plugin docker-compose-old github.com/docker/compose/v2 v2.23.3 ./cmd internal.Version
plugin docker-buildx github.com/docker/buildx v0.29.1 ./cmd/buildx version.Version
