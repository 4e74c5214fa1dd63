package comment

import (
	"context"
	"time"

	"github.com/afterword-comments/afterword/internal/fault"
)

// bucket is one rate limit: a token every so often, burst of them in store.
type bucket struct {
	key   string
	every time.Duration
	burst int
}

// spend takes a token, unless the site has its limits off.
func (b bucket) spend(tx Tx, st Site, at time.Time) error {
	if !st.Options.RateLimits {
		return nil
	}
	return limited(tx.TakeToken(b.key, b.every, b.burst, at))
}

// The limits on posting. Buckets are stored, so they survive a restart and
// hold across nodes; their keys are digests, so no address is stored.
func (s *Service) postBuckets(d *draft, client Client) []bucket {
	site, author := d.site.Key, d.author.ID
	if d.author.Email != "" { // however many networks it is given from
		author = s.digest("guest", site, d.author.Name, d.author.Email)
	}
	return []bucket{
		{s.digest("limit", "post", site, string(d.salt), Network(client.IP)), 10 * time.Second, 5},
		{s.digest("limit", "author", site, author), 6 * time.Second, 10},
		{s.digest("limit", "page", site, d.page.Key), time.Second, 60},
		{s.digest("limit", "site", site), 50 * time.Millisecond, 1200},
	}
}

// afford refuses early what spend would refuse, before work is done for it.
func (s *Service) afford(r Reader, d *draft, client Client) error {
	if !d.site.Options.RateLimits {
		return nil
	}
	for _, b := range s.postBuckets(d, client) {
		wait, err := r.Tokens(b.key, b.every, b.burst, d.at)
		if err := limited(wait, err); err != nil {
			return err
		}
	}
	return nil
}

// spend takes a token from every bucket of a post.
func (s *Service) spend(tx Tx, d *draft, client Client) error {
	if !d.site.Options.RateLimits {
		return nil
	}
	for _, b := range s.postBuckets(d, client) {
		if err := b.spend(tx, d.site, d.at); err != nil {
			return err
		}
	}
	return nil
}

func limited(wait time.Duration, err error) error {
	if err != nil || wait <= 0 {
		return err
	}
	return fault.Wait("That was a bit fast. Try again in a moment.", wait)
}

// feedbackBucket limits votes and reports of one network.
func (s *Service) feedbackBucket(ctx context.Context, site string, client Client, at time.Time) (bucket, error) {
	salt, err := s.salt(ctx, at)
	return bucket{s.digest("limit", "feedback", site, string(salt), Network(client.IP)), 2 * time.Second, 30}, err
}
