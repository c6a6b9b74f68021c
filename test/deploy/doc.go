// Package deploy holds what deploys runrate (deploy/Dockerfile, compose.yaml and the Helm
// chart) to the tools that read it, and to the program: `make test-deploy` fetches these and
// runs it, by the build tag deploy. No cluster and no daemon is needed.
package deploy
