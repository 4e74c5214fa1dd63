// Package webhook sends events to the endpoints that asked for them: signing
// (Standard Webhooks 1.0), the retry plan, the order of one comment's events,
// and the guard that keeps calls out of the service's own network. It hides
// HTTP and the leases; web and the commands see Hooks, plugin runs the FanOut
// and the Worker.
package webhook
