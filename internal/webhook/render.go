package webhook

import (
	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// checkTarget looks at the target that is given for an endpoint, and at its
// settings.
func checkTarget(e comment.Endpoint, c Change) (target string, settings map[string]string, err error) {
	if c.Target != "" && c.Target != comment.TargetWebhook {
		return "", nil, fault.Input("target", "unknown_target", "There is no such target.")
	}
	if len(c.Settings) > 0 {
		return "", nil, fault.Input("settings", "unknown_setting", "The target "+e.Target+" has no settings.")
	}
	return c.Target, c.Settings, nil
}
