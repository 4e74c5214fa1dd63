package auth

import (
	"slices"

	"github.com/afterword-comments/afterword/internal/comment"
	"github.com/afterword-comments/afterword/internal/fault"
)

// checkGrants refuses unknown roles and sites, and owners of less than all.
func checkGrants(r comment.Reader, grants []comment.Grant) error {
	if len(grants) == 0 {
		return fault.Input("site", "required", "This account has no site yet. Name one.")
	}
	for _, g := range grants {
		if !g.Role.Valid() {
			return fault.Input("role", "unknown", "The roles are viewer, moderator, admin and owner.")
		}
		if g.Site == comment.AllSites {
			continue
		}
		if g.Role == comment.Owner {
			return fault.Input("role", "not_for_one_site", "An owner owns the whole installation. Leave the site out.")
		}
		if _, err := r.Site(g.Site); err != nil {
			return unlessMissing(err, fault.Input("site", "unknown", "There is no site with this key."))
		}
	}
	return nil
}

// keepsAnOwner refuses to take the installation from the last who owns it.
func keepsAnOwner(r comment.Reader, before, after comment.Account) error {
	if !owns(before) || owns(after) {
		return nil
	}
	all, err := r.Accounts()
	if err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(other comment.Account) bool { return other.ID != before.ID && owns(other) }) {
		return nil
	}
	return fault.New(fault.Conflict, "last_owner", "This is the last owner. Make somebody else an owner first.")
}

func owns(a comment.Account) bool { return !a.Disabled && a.RoleOn(comment.AllSites) == comment.Owner }

func siteOrAll(site string) string {
	if site == "" {
		return comment.AllSites
	}
	return site
}
