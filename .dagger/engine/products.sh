# shellcheck shell=bash disable=SC2034,SC2154
# products.sh: what is built, from what, under which key. To be sourced after lib.sh; the makers are in build/.

suite=bookworm

# A key names the inputs' keys too: a change reaches exactly what is made from it.
binaries=$cache/binaries-$(key_of '' build/binaries.sh go.mod go.sum shims)
plugins=$cache/plugins-$(key_of '' build/plugins.sh)
debian=$cache/debian-$(key_of "$suite" build/debian.sh)
# The machine's Node and npm, for the images that need them: a folder with node and npm/ in it.
node=$cache/node-$(node --version)
sdk_layer=$cache/layer-sdk-$(key_of "$binaries $debian $node" build/layer.sh build/sdk.sh sdk)
sdk=$cache/image-sdk-$(key_of "$sdk_layer" oci.py images/sdk.json)
engine_layer=$cache/layer-engine-$(key_of "$debian" build/layer.sh build/engine.sh)
state=$cache/state-${binaries##*-}

layer_of() { # image name
	local inputs=$debian
	case $1 in
	debian) return ;;
	docker) inputs+=$plugins ;;
	node) inputs+=$node ;;
	esac
	echo "$cache/layer-$1-$(key_of "$inputs" build/layer.sh "images/$1.sh")"
}

compile() {
	product "$binaries" "$here/build/binaries.sh"
	product "$plugins" "$here/build/plugins.sh"
}

make_sdk() {
	product "$node" copy_node
	product "$sdk_layer" "$here/build/layer.sh" "$debian" "$here/build/sdk.sh" sdk="$here/sdk" binaries="$binaries" node="$node"
	product "$sdk" python3 "$here/oci.py" "$here/images/sdk.json" "$debian" "$sdk_layer"
}

make_layer() { # image name
	local inputs=()
	case $1 in
	debian) return ;;
	docker) inputs=(plugins="$plugins") ;;
	node)
		product "$node" copy_node
		inputs=(node="$node")
		;;
	esac
	product "$(layer_of "$1")" "$here/build/layer.sh" "$debian" "$here/images/$1.sh" "${inputs[@]}"
}

copy_node() {
	cp -L "$(command -v node)" "$1/node" &&
		cp -a "$(dirname "$(dirname "$(realpath "$(command -v npm)")")")" "$1/npm"
}
