package comment

import (
	"context"
	"encoding/hex"
	"errors"
	"sync"
	"time"

	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/internal/keyring"
	"github.com/afterword-comments/afterword/moderation"
)

// Service is the domain's verbs. Every one that changes something is one
// transaction; nothing is rendered, examined or sent inside it.
type Service struct {
	Store    Store
	Ring     *keyring.Ring
	Ledger   *Ledger
	Pipeline *moderation.Pipeline
	Now      func() time.Time
	NewID    func() string // UUID v7, growing
	Outside  Outside       // nil = no checks elsewhere are asked

	Copies *moderation.Copies // of the texts of the newest comments
	Surges *moderation.Surges // of what comes in on each page

	rules rulesCache
	salts saltCache
}

// NewService makes a service with its own caches.
func NewService(store Store, ring *keyring.Ring, ledger *Ledger, pipeline *moderation.Pipeline) *Service {
	return &Service{Store: store, Ring: ring, Ledger: ledger, Pipeline: pipeline, Now: now, NewID: NewID,
		Copies: moderation.NewCopies(copiesMost, copiesLife), Surges: moderation.NewSurges()}
}

// now is the instant to the microsecond, which is what the store keeps.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// Client is what is known of the browser behind a reader's request. None of it
// is stored as it is.
type Client struct {
	Origin string // the Origin header, "" where there is none
	IP     string // of the client, or of the nearest proxy that is not trusted
	Agent  string
}

// Once makes a use case happen once for one idempotency key. The zero value
// asks for nothing.
type Once struct {
	Scope string
	Key   string
	Hash  string // of the request
	// Answer writes the answer that a repetition will get again.
	Answer func(result any) (status int, body []byte, err error)
}

// ownKey is the length from which an idempotency key is taken for one that
// nobody else has, such as a UUID.
const ownKey = 32

// of makes a reader's key that others may think of too count within the
// reader's network only: the answer carries an edit token. A longer one counts
// from everywhere, as a phone that lost its network tries again from another.
func (o Once) of(s *Service, c Client) Once {
	if o.Key != "" && len(o.Key) < ownKey {
		o.Scope += " " + s.digest("receipt of a network", o.Scope, Network(c.IP))
	}
	return o
}

// Repeated is the error of a request whose key has been seen: the answer that
// was given then is the answer now.
type Repeated struct{ Receipt Receipt }

// Error implements error.
func (Repeated) Error() string { return "this request has been answered before" }

// receiptLife is how long an idempotency key is remembered.
const receiptLife = 24 * time.Hour

func (s *Service) begin(tx Reader, o Once, at time.Time) error {
	if o.Key == "" {
		return nil
	}
	r, err := tx.Receipt(o.Scope, o.Key)
	switch {
	case fault.Is(err, "not_found") || err == nil && at.Sub(r.At) >= receiptLife:
		return nil
	case err != nil:
		return err
	case r.Status == claimed && at.Sub(r.At) >= claimLife:
		return nil
	case r.Hash != o.Hash:
		return fault.New(fault.Conflict, "idempotency_mismatch", "This idempotency key was used for another request.")
	case r.Status == claimed:
		return &fault.Error{Kind: fault.Unavailable, Code: "unavailable", Detail: "This request is being carried out. Try again in a moment.", RetryAfter: time.Second}
	}
	if r.Answer, err = s.Ring.Unseal("receipt", o.Scope+"\x00"+o.Key, string(r.Answer)); err != nil {
		return err
	}
	return &Repeated{r}
}

func (s *Service) keep(tx Tx, o Once, at time.Time, result any) error {
	if o.Key == "" {
		return nil
	}
	status, body, err := o.Answer(result)
	if err != nil {
		return err
	}
	sealed := s.Ring.Seal("receipt", o.Scope+"\x00"+o.Key, body)
	return tx.PutReceipt(Receipt{Scope: o.Scope, Key: o.Key, Hash: o.Hash, Status: status, Answer: []byte(sealed), At: at})
}

// confirmed holds a receipt back until the commit that it is of is as safe as a
// commit is: where a server dies while a commit waits for its standby, others may
// read there for a moment what the new server will not have. A commit made on the
// same connection comes after it in every copy.
func (s *Service) confirmed(ctx context.Context, o Once, at time.Time, err error) error {
	if repeated := new(Repeated); !errors.As(err, &repeated) {
		return err
	}
	var found error
	err = s.Store.Write(ctx, nil, func(tx Tx) error {
		found = s.begin(tx, o, at)
		return nil
	})
	if err == nil && found == nil {
		err = &fault.Error{Kind: fault.Unavailable, Code: "unavailable", Detail: "The service lost its database while it was writing. Try again in a moment.", RetryAfter: time.Second}
	}
	if err != nil {
		return err
	}
	return found
}

// claimLife is how long a request with a key may take that is not answered in the
// transaction that carries it out. After that its process is taken to have ended, and
// a repetition begins anew.
const claimLife = time.Minute

// claimed is the status of the receipt of a request that is being carried out.
const claimed = 0

// AtMostOnce runs a use case outside this package for one idempotency key. The error of
// a repetition is a *Repeated; while the first one is under way it is told to come back.
func (s *Service) AtMostOnce(ctx context.Context, o Once, run func() (any, error)) (any, error) {
	if o.Key == "" {
		return run()
	}
	claim := Receipt{Scope: o.Scope, Key: o.Key, Hash: o.Hash, Status: claimed, Answer: []byte{}, At: s.Now()}
	err := s.Store.Write(ctx, nil, func(tx Tx) error {
		if err := s.begin(tx, o, claim.At); err != nil {
			return err
		}
		return tx.PutReceipt(claim)
	})
	if err != nil {
		return nil, s.confirmed(ctx, o, claim.At, err)
	}
	result, err := run()
	after := context.WithoutCancel(ctx)
	if err != nil {
		claim.At = time.Time{} // as good as forgotten
		return nil, errors.Join(err, s.Store.Write(after, nil, func(tx Tx) error { return tx.PutReceipt(claim) }))
	}
	return result, s.Store.Write(after, nil, func(tx Tx) error { return s.keep(tx, o, s.Now(), result) })
}

// saltCache holds the random key of the day, under which addresses are hashed.
// It is destroyed with the day, and with it every trace of an address.
type saltCache struct {
	mu   sync.Mutex
	day  string
	salt []byte
}

func (s *Service) salt(ctx context.Context, at time.Time) ([]byte, error) {
	day := at.Format(time.DateOnly)
	s.salts.mu.Lock()
	defer s.salts.mu.Unlock()
	if s.salts.day == day {
		return s.salts.salt, nil
	}
	var salt []byte
	err := s.Store.Write(ctx, nil, func(tx Tx) (err error) {
		salt, err = tx.Salt(day)
		return err
	})
	if err == nil {
		s.salts.day, s.salts.salt = day, salt
	}
	return salt, err
}

// digest is a short keyed digest, for keys that must not tell what they are of.
func (s *Service) digest(purpose string, parts ...string) string {
	return hex.EncodeToString(s.Ring.MAC(purpose, parts...)[:16])
}
