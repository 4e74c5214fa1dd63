package app

import (
	"encoding/base64"
	"path/filepath"
	"strings"
	"testing"

	"github.com/afterword-comments/afterword/internal/comment"
)

// TestKeyRotation: a database goes on under a new installation key while the
// old one is still given, and its log verifies across the change.
func TestKeyRotation(t *testing.T) {
	db := filepath.Join(t.TempDir(), "a.db")
	key := func(letter string) string {
		return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(letter, 16) + "0123456789abcdef"))
	}
	site := func(keys, name string) error {
		a, err := Open(t.Context(), Settings{DB: db, SecretKey: keys})
		if err != nil {
			return err
		}
		defer a.Close()
		if _, err := a.Comments.AddSite(t.Context(), name, comment.SiteChange{Name: &name, Origins: []string{"https://a.example"}}, comment.Actor{}); err != nil {
			return err
		}
		_, err = a.Comments.ChangeSite(t.Context(), "daily", comment.SiteChange{Name: &name}, comment.Actor{})
		if err != nil {
			return err
		}
		return a.Store.View(t.Context(), func(r comment.Reader) error {
			found, err := a.Ledger.Verify(r, "daily")
			if found.Bad != 0 {
				t.Errorf("with %s: %+v", name, found)
			}
			return err
		})
	}
	if err := site(key("a"), "daily"); err != nil {
		t.Fatal(err)
	}
	if err := site(key("b")+","+key("a"), "weekly"); err != nil {
		t.Fatalf("the new key before the old one: %v", err)
	}
	if err := site(key("c"), "monthly"); err == nil || !strings.Contains(err.Error(), "installation key") {
		t.Fatalf("a foreign key: %v", err)
	}
}
