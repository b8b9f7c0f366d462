# shellcheck shell=bash disable=SC2154
# registry.sh: the registry that serves the stand-in images. To be sourced after products.sh. The engine asks it first
# for whatever comes from Docker Hub, so from("debian:bookworm-slim") finds library/debian:bookworm-slim here.

declare -A tags=(
	[debian]=debian:bookworm-slim
	[docker]='docker:dind docker:cli'
	[haproxy]=haproxy:lts
	[registry]=registry:2
	[node]=node:24-slim
	[redis]=redis:7-alpine
)

start_registry() {
	mkdir -p "$cache/registry/pushed"
	alive registry && return
	printf '%s\n' 'version: 0.1' 'storage:' "  filesystem: {rootdirectory: $cache/registry}" \
		"http: {addr: \"$registry\"}" 'log: {level: warn}' >"$run/registry.yml"
	daemon "$run/registry.log" "$(layer_of registry)/usr/bin/docker-registry" serve "$run/registry.yml"
	note registry $!
	for _ in $(seq 50); do
		(: >"/dev/tcp/${registry/://}") 2>/dev/null && return
		sleep 0.1
	done
	fail "the registry does not answer, see $run/registry.log"
}

# Builds an image and pushes it under those of its tags that do not have it yet.
publish_image() { # image name
	local tag key todo=()
	key=$(key_of "$debian $(layer_of "$1")" oci.py "images/$1.json")
	for tag in ${tags[$1]}; do
		[ "$(cat "$cache/registry/pushed/$tag" 2>/dev/null)" = "$key" ] || todo+=("$tag")
	done
	[ ${#todo[@]} -gt 0 ] || return 0
	make_layer "$1"
	step "push ${todo[*]}" push_image "$1" "${todo[@]}"
	for tag in "${todo[@]}"; do echo "$key" >"$cache/registry/pushed/$tag"; done
}

push_image() { # image name, tags
	local tag layout=$cache/image.new layers=("$debian")
	[ "$1" = debian ] || layers+=("$(layer_of "$1")")
	rm -rf "$layout"
	python3 "$here/oci.py" "$here/images/$1.json" "${layers[@]}" "$layout" || return
	for tag in "${@:2}"; do
		skopeo copy --quiet --preserve-digests --dest-tls-verify=false \
			"oci:$layout:latest" "docker://$registry/library/$tag" || return
	done
	rm -rf "$layout"
}
