package comment

import (
	"sync"

	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/moderation"
)

// nameCache holds the folded form of staff names: what is left of a name when
// case, look-alike letters, spacing and invisible characters are taken away.
type nameCache struct {
	mu     sync.Mutex
	folded map[string]string // by name
}

// nameCacheMost bounds the cache; staff names are few.
const nameCacheMost = 10000

// reserved refuses a reader's name that looks like a staff member's.
func (c *nameCache) reserved(r Reader, site, name string) error {
	staff, err := r.StaffNames(site)
	if err != nil || len(staff) == 0 {
		return err
	}
	wanted := moderation.Normalise(name).String()
	for _, s := range staff {
		if c.fold(s) == wanted {
			return fault.Input("author.name", "reserved", "This name belongs to the staff. Choose another one.")
		}
	}
	return nil
}

func (c *nameCache) fold(name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f, ok := c.folded[name]; ok {
		return f
	}
	if c.folded == nil || len(c.folded) >= nameCacheMost {
		c.folded = map[string]string{}
	}
	f := moderation.Normalise(name).String()
	c.folded[name] = f
	return f
}
