# shellcheck shell=bash
# sdk.sh, run by layer.sh: the engine's TypeScript SDK and the root filesystem that modules run in, in one.
packages git curl openssh-client

cp /mnt/node/node /usr/local/bin/node
mkdir -p /usr/local/lib/node_modules /opt/dagger-ts/sdk
cp -a /mnt/node/npm /usr/local/lib/node_modules/npm
ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx
cp /mnt/binaries/codegen /usr/local/bin/
cp -r /mnt/sdk/runtime /runtime

# Bundled outside of the layer, in /tmp: none of the tools for that are part of the SDK.
npm_ci() { npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error --cache /tmp/npm "$@"; }
cp -r /mnt/sdk /tmp/sdk
(cd /tmp/sdk && npm_ci && node bundle.mjs /opt/dagger-ts)
cp /mnt/sdk/lib/{index,telemetry}.ts /opt/dagger-ts/sdk/
cp /mnt/sdk/lib/{entrypoint.ts,prepare.mjs} /mnt/sdk/package.json /mnt/sdk/package-lock.json /opt/dagger-ts/
(cd /opt/dagger-ts && npm_ci --omit=dev)
ln -s /opt/dagger-ts/node_modules/tsx/dist/cli.mjs /usr/local/bin/tsx
# The build for processors without AVX2: it runs everywhere.
ln -s /opt/dagger-ts/node_modules/@oven/bun-linux-x64-baseline/bin/bun /usr/local/bin/bun
