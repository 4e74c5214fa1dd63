package moderation

import (
	"context"
	"fmt"
)

// Codes of the check "people".
const (
	CodeAuthorTrusted      = "author_trusted"      // approve: a person trusts the author
	CodeAuthorPremoderated = "author_premoderated" // review: a person wants to see the author's comments first
	CodeAuthorMuted        = "author_muted"        // spam: a person has muted the author
	CodeAuthorBanned       = "author_banned"       // review: a person has banned or suspended the author since
)

// peopleCheck says what people have said of the author.
type peopleCheck struct{}

func (peopleCheck) Name() string { return "people" }
func (peopleCheck) Version() int { return 1 }

var sayings = map[Standing]Evidence{
	StandingTrusted:      {Code: CodeAuthorTrusted, Hint: HintApprove, Sentence: "%s trusts this author."},
	StandingPremoderated: {Code: CodeAuthorPremoderated, Hint: HintReview, Sentence: "%s wants this author's comments to be seen first."},
	StandingMuted:        {Code: CodeAuthorMuted, Hint: HintSpam, Sentence: "%s has muted this author."},
	// Who is turned away writes nothing new; what was there before is examined again.
	StandingSuspended: {Code: CodeAuthorBanned, Hint: HintReview, Sentence: "%s has suspended this author since."},
	StandingBanned:    {Code: CodeAuthorBanned, Hint: HintReview, Sentence: "%s has banned this author since."},
}

func (peopleCheck) Examine(_ context.Context, s *Subject) ([]Evidence, error) {
	said := s.Author.Said
	e, ok := sayings[said.At(s.Now)]
	if !ok {
		return nil, nil
	}
	by := said.By
	if by == "" {
		by = "A moderator"
	}
	e.Sentence = fmt.Sprintf(e.Sentence, by)
	e.Data = map[string]string{"standing": string(said.Standing)}
	if said.Reason != "" {
		e.Data["reason"] = said.Reason
	}
	return []Evidence{e}, nil
}

// Codes of the check "blocks", by the kind of block.
const (
	CodeBlockedEmail   = "blocked_email"
	CodeBlockedDomain  = "blocked_domain"
	CodeBlockedAddress = "blocked_address"
	CodeBlockedName    = "blocked_name"
)

// blocksCheck reports the blocks that the author has met.
type blocksCheck struct{}

func (blocksCheck) Name() string { return "blocks" }
func (blocksCheck) Version() int { return 1 }

var blockWords = map[string]Evidence{
	"email":     {Code: CodeBlockedEmail, Sentence: "The e-mail address %s is blocked."},
	"domain":    {Code: CodeBlockedDomain, Sentence: "E-mail addresses at %s are blocked."},
	"address":   {Code: CodeBlockedAddress, Sentence: "It comes from a blocked range of addresses."},
	"name":      {Code: CodeBlockedName, Sentence: "The name “%s” is blocked."},
	"name_part": {Code: CodeBlockedName, Sentence: "Names with “%s” in them are blocked."},
}

func (blocksCheck) Examine(_ context.Context, s *Subject) ([]Evidence, error) {
	trusted := s.Author.Said.At(s.Now) == StandingTrusted
	var found []Evidence
	for _, b := range s.Blocks {
		e := blockWords[b.Kind]
		if b.Shown != "" {
			e.Sentence = fmt.Sprintf(e.Sentence, b.Shown)
		}
		e.Hint = HintReview
		if b.Effect == "reject" {
			e.Hint = HintReject
		}
		if trusted { // a person knows this author; the block is about people in general
			e.Hint = HintNone
			e.Sentence += " That does not count for a trusted author."
		}
		e.Data = map[string]string{"kind": b.Kind}
		for name, value := range map[string]string{"block_id": b.ID, "reason": b.Reason} {
			if value != "" {
				e.Data[name] = value
			}
		}
		found = append(found, e)
	}
	return found, nil
}
