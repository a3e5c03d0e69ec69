# Run by test_consoles: a workspace with builds, 1.0.0 live on dev and prod; then the program looks and types.
. "$(dirname "${BASH_SOURCE[0]}")/workspace.bash"
begin '.environments = [.environments[0], .environments[2]] | .verify.for = "1s"'
add_builds 1.0.0 1.1.0 1.2.0 >/dev/null || { echo "Bail out! builds"; exit 1; }
slipway deploy 1.0.0 dev --wait >/dev/null && slipway deploy 1.0.0 prod --wait >/dev/null ||
	{ echo "Bail out! first deployments"; exit 1; }
LIVE_WORKSPACE=$workspace LIVE_SLIPWAY=$build/slipway "$1"
