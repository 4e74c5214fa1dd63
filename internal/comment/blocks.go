package comment

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/afterword-comments/afterword/internal/fault"
	"github.com/afterword-comments/afterword/moderation"
)

// BlockKind is what a block looks at.
type BlockKind string

// The kinds of block. None is a regular expression.
const (
	BlockEmail    BlockKind = "email"     // one mailbox, however it is spelt
	BlockDomain   BlockKind = "domain"    // of the e-mail address, with all below it
	BlockAddress  BlockKind = "address"   // a range of network addresses
	BlockName     BlockKind = "name"      // the whole name, in any disguise
	BlockNamePart BlockKind = "name_part" // a part of the name, in any disguise
)

// BlockKinds lists them.
var BlockKinds = []string{"email", "domain", "address", "name", "name_part"}

// BlockEffect is what becomes of a comment that meets a block.
type BlockEffect string

// The effects, from the weakest to the strongest.
const (
	BlockReview BlockEffect = "review" // it waits, whatever the mode
	BlockReject BlockEffect = "reject" // it is stored as rejected
	BlockRefuse BlockEffect = "refuse" // it is not taken at all: 403 banned
)

// blockEffects lists them.
var blockEffects = []string{"review", "reject", "refuse"}

// Block keeps some of those who write from writing as others do.
type Block struct {
	Site      string // AllSites = on every site
	ID        string
	Kind      BlockKind
	Value     string // what is compared: of an e-mail address a keyed digest
	Shown     string // what moderators see: of an e-mail address its first letters and the domain
	Effect    BlockEffect
	Reason    string
	Until     time.Time // zero = no end
	Author    string    // id of the author with whose ban it was made, "" = by itself
	By        string
	CreatedAt time.Time
	Hits      int
	LastHit   time.Time
}

// Over reports whether the block has ended at an instant.
func (b Block) Over(now time.Time) bool { return !b.Until.IsZero() && !now.Before(b.Until) }

// Least lengths of a range of addresses: a wider one is a slip of the pen.
const (
	leastBits4 = 8
	leastBits6 = 16
)

// namePartLeast is the fewest letters of a part of a name.
const namePartLeast = 3

// clean brings what was typed into the form that is compared, and the one that
// is shown.
func (b *Block) clean(s *Service) error {
	typed := strings.TrimSpace(b.Value)
	wrong := func(detail string) error { return fault.Input("value", "invalid", detail) }
	if typed == "" || checkShort("value", typed, maxEmailBytes) != nil {
		return wrong("The entry has 1 to 254 bytes, and no control characters.")
	}
	switch b.Kind {
	case BlockEmail:
		email, err := cleanEmail(typed)
		if err != nil || email == "" {
			return wrong("That is not an e-mail address.")
		}
		b.Value, b.Shown = s.emailDigests(email)[0], MaskEmail(email)
	case BlockDomain:
		domain := strings.ToLower(strings.Trim(strings.TrimPrefix(typed, "@"), "."))
		if strings.Contains(domain, "*") {
			return wrong("There are no wildcards: mail.example stands for all domains below it too.")
		}
		if _, err := cleanEmail("a@" + domain); err != nil || !strings.Contains(domain, ".") {
			return wrong("That is not a domain, such as mail.example.")
		}
		b.Value, b.Shown = asciiDomain(domain), domain
	case BlockAddress:
		prefix, err := parseRange(typed)
		if err != nil {
			return wrong(err.Error())
		}
		b.Value, b.Shown = prefix.String(), prefix.String()
	case BlockName, BlockNamePart:
		folded := moderation.Normalise(typed).String()
		if folded == "" || len(typed) > maxNameBytes {
			return wrong("The entry has no letters that a name could be compared with.")
		}
		if b.Kind == BlockNamePart && utf8.RuneCountInString(strings.ReplaceAll(folded, " ", "")) < namePartLeast {
			return wrong("A part of a name has at least 3 letters; anything shorter stands in many names.")
		}
		b.Value, b.Shown = folded, typed
	default:
		return fault.Input("kind", "invalid", "The kind is one of "+strings.Join(BlockKinds, ", ")+".")
	}
	return nil
}

type rangeError string

func (e rangeError) Error() string { return string(e) }

// parseRange reads an address or a range of them, such as 203.0.113.0/24.
func parseRange(text string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(text)
	if err != nil {
		a, err := netip.ParseAddr(text)
		if err != nil || a.Zone() != "" {
			return p, rangeError("That is no address and no range of addresses, such as 203.0.113.0/24 or 2001:db8::/32.")
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	if a := p.Addr(); a.Is4In6() {
		if p.Bits() < 96 {
			return p, rangeError("The range is wider than all IPv4 addresses.")
		}
		p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
	}
	least := leastBits6
	if p.Addr().Is4() {
		least = leastBits4
	}
	if p.Bits() < least {
		return p, rangeError("The range is too wide: at least /8 of IPv4 and /16 of IPv6.")
	}
	return p.Masked(), nil
}

// asciiDomain is how the domain name system writes a domain: müller.example and
// xn--mller-kva.example are one.
func asciiDomain(domain string) string {
	if ascii, err := idna.Lookup.ToASCII(domain); err == nil {
		return ascii
	}
	return domain
}

// canonicalEmail gives all spellings of one mailbox one form: without what
// follows a plus, and at Gmail without the dots, which make no difference there.
func canonicalEmail(email string) string {
	local, domain, _ := strings.Cut(strings.ToLower(email), "@")
	local, _, _ = strings.Cut(local, "+")
	domain = asciiDomain(domain)
	if domain == "gmail.com" || domain == "googlemail.com" {
		local, domain = strings.ReplaceAll(local, ".", ""), "gmail.com"
	}
	return local + "@" + domain
}

// emailDigests are the keyed digests of a mailbox, one for each installation
// key, the newest first: a block outlives a new key as long as the old one is known.
func (s *Service) emailDigests(email string) []string {
	canonical := canonicalEmail(email)
	digest := func(key []byte) string {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(canonical))
		return hex.EncodeToString(mac.Sum(nil)[:16])
	}
	const purpose = "blocked e-mail"
	digests := []string{digest(s.Ring.Key(purpose))}
	for id, key := range s.Ring.Keys(purpose) {
		if id != s.Ring.ID() {
			digests = append(digests, digest(key))
		}
	}
	return digests
}

// MaskEmail shows enough of an address for somebody who knows it: "an…@example.org";
// of "" it is "".
func MaskEmail(email string) string {
	at := strings.LastIndexByte(email, '@')
	if at < 0 {
		return ""
	}
	letters := []rune(email[:at])
	return string(letters[:min(2, len(letters)-1)]) + "…" + email[at:]
}

// writer is what blocks look at.
type writer struct{ name, email, ip string }

// blockSet is a site's blocks, and those of the installation, compiled: however
// many there are, a comment costs a few look-ups. Only parts of names are gone
// through one by one.
type blockSet struct {
	exact map[BlockKind]map[string][]Block
	bits  map[bool][]int // lengths of ranges that there are, of IPv4 (true) and IPv6
	parts []Block
}

func compileBlocks(lists ...[]Block) *blockSet {
	set := &blockSet{exact: map[BlockKind]map[string][]Block{}, bits: map[bool][]int{}}
	for _, list := range lists {
		for _, b := range list {
			set.add(b)
		}
	}
	return set
}

func (set *blockSet) add(b Block) {
	if b.Kind == BlockNamePart {
		set.parts = append(set.parts, b)
		return
	}
	if b.Kind == BlockAddress {
		p, err := netip.ParsePrefix(b.Value)
		if err != nil {
			return // of a later version
		}
		if is4 := p.Addr().Is4(); !slices.Contains(set.bits[is4], p.Bits()) {
			set.bits[is4] = append(set.bits[is4], p.Bits())
		}
	}
	if set.exact[b.Kind] == nil {
		set.exact[b.Kind] = map[string][]Block{}
	}
	set.exact[b.Kind][b.Value] = append(set.exact[b.Kind][b.Value], b)
}

// meeting gives the blocks that a writer meets, by id.
func (set *blockSet) meeting(s *Service, w writer, now time.Time) (met []Block) {
	met = append(met, set.byEmail(s, w.email)...)
	met = append(met, set.byAddress(w.ip)...)
	met = append(met, set.byName(w.name)...)
	met = slices.DeleteFunc(met, func(b Block) bool { return b.Over(now) })
	slices.SortFunc(met, func(a, b Block) int { return strings.Compare(a.ID, b.ID) })
	return met
}

func (set *blockSet) byEmail(s *Service, email string) (met []Block) {
	if email == "" {
		return nil
	}
	if mailboxes := set.exact[BlockEmail]; len(mailboxes) > 0 {
		for _, digest := range s.emailDigests(email) {
			met = append(met, mailboxes[digest]...)
		}
	}
	if domains := set.exact[BlockDomain]; len(domains) > 0 {
		_, domain, _ := strings.Cut(email, "@")
		for domain = asciiDomain(domain); domain != ""; _, domain, _ = strings.Cut(domain, ".") {
			met = append(met, domains[domain]...)
		}
	}
	return met
}

func (set *blockSet) byAddress(ip string) (met []Block) {
	if len(set.exact[BlockAddress]) == 0 {
		return nil
	}
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return nil
	}
	a = a.Unmap().WithZone("")
	for _, bits := range set.bits[a.Is4()] {
		p, _ := a.Prefix(bits)
		met = append(met, set.exact[BlockAddress][p.String()]...)
	}
	return met
}

func (set *blockSet) byName(name string) (met []Block) {
	if name == "" || len(set.exact[BlockName]) == 0 && len(set.parts) == 0 {
		return nil
	}
	folded := moderation.Normalise(name).String()
	met = append(met, set.exact[BlockName][folded]...)
	for _, b := range set.parts {
		if strings.Contains(folded, b.Value) {
			met = append(met, b)
		}
	}
	return met
}

func (u *rules) loadBlocks(r Reader, before *rules) error {
	if u.same(ListBlocks, before) && u.same(ListBlocksEverywhere, before) {
		u.blocks = before.blocks
		return nil
	}
	own, err := r.Blocks(u.Key)
	if err != nil {
		return err
	}
	everywhere, err := r.Blocks(AllSites)
	u.blocks = compileBlocks(own, everywhere)
	return err
}

// admit turns away whom a person has turned away, and gives the blocks that
// everybody else meets. Whom a person trusts no block turns away.
func (s *Service) admit(site *rules, a Author, c Client, now time.Time) ([]Block, error) {
	if err := a.turnedAway(now); err != nil {
		return nil, err
	}
	met := site.blocks.meeting(s, writer{a.Name, a.Email, c.IP}, now)
	if a.Said.At(now) == moderation.StandingTrusted {
		return slices.DeleteFunc(met, func(b Block) bool { return b.Effect == BlockRefuse }), nil
	}
	for _, b := range met {
		if b.Effect == BlockRefuse {
			return met, turnAway("banned", b.Until)
		}
	}
	return met, nil
}

// subjectBlocks is what checks are told of blocks.
func subjectBlocks(met []Block) (told []moderation.Block) {
	for _, b := range met {
		one := moderation.Block{ID: b.ID, Kind: string(b.Kind), Shown: b.Shown, Effect: string(b.Effect), Reason: b.Reason}
		if b.Kind == BlockAddress {
			one.ID, one.Shown = "", ""
		}
		told = append(told, one)
	}
	return told
}

// hit counts the blocks that were met.
func (s *Service) hit(tx Tx, met []Block, at time.Time) error {
	for _, b := range met {
		if err := tx.HitBlock(b.Site, b.ID, at); err != nil {
			return err
		}
	}
	return nil
}

// countTurnedAway counts the blocks that have turned a submission away. Such an
// attempt costs what a comment costs, so that nobody can keep the house busy.
func (s *Service) countTurnedAway(ctx context.Context, d *draft, sub Submission, refusal error) error {
	if !fault.Is(refusal, "banned") || len(d.blocks) == 0 {
		return refusal
	}
	err := s.Store.Write(ctx, Sites{d.site.Key}, func(tx Tx) error {
		if err := s.spend(tx, d, sub.Client); err != nil {
			return err
		}
		return s.hit(tx, d.blocks, d.at)
	})
	if err != nil {
		return err
	}
	return refusal
}
