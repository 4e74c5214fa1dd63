package comment

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/afterword-comments/afterword/internal/fault"
)

// blocksMost is the most blocks of one site, and of the installation.
const blocksMost = 200_000

// namePartsMost is the most of them that are parts of names: each costs every
// comment a look at its author's name.
const namePartsMost = 1000

// AddBlock adds a block, or changes the one of the same kind and value. Value is
// as it was typed.
func (s *Service) AddBlock(ctx context.Context, b Block, by Actor) (Block, error) {
	if err := s.checkBlock(&b); err != nil {
		return b, err
	}
	err := s.changeBlocks(ctx, b.Site, func(tx Tx) (err error) {
		if err := s.roomForBlocks(tx, b.Site, b.Kind, 1); err != nil {
			return err
		}
		b, err = s.enterBlock(tx, b, by)
		return err
	})
	return b, err
}

func (s *Service) checkBlock(b *Block) error {
	if err := b.checkTerms(s.Now()); err != nil {
		return err
	}
	return b.clean(s)
}

func (b Block) checkTerms(now time.Time) error {
	switch {
	case !slices.Contains(blockEffects, string(b.Effect)):
		return fault.Input("effect", "invalid", "The effect is one of "+strings.Join(blockEffects, ", ")+".")
	case !b.Until.IsZero() && !b.Until.After(now):
		return fault.Input("until", "invalid", "The end lies in the future.")
	}
	return checkShort("reason", b.Reason, 200)
}

// changeBlocks runs fn as one transaction that changes the blocks of a site, or
// those of the installation.
func (s *Service) changeBlocks(ctx context.Context, site string, fn func(Tx) error) error {
	if site != AllSites {
		return s.changeRules(ctx, site, func(tx Tx) error {
			if _, err := tx.Site(site); err != nil {
				return err
			}
			return fn(tx)
		})
	}
	defer s.rules.forgetAll()
	return s.Store.Write(ctx, nil, fn)
}

func (s *Service) roomForBlocks(r Reader, site string, kind BlockKind, more int) error {
	if kind != BlockNamePart && more == 1 {
		return nil // only lists come in such numbers
	}
	all, err := r.Blocks(site)
	if err != nil {
		return err
	}
	parts := 0
	for _, b := range all {
		parts += indicator(b.Kind == BlockNamePart)
	}
	if len(all)+more > blocksMost || kind == BlockNamePart && parts+more > namePartsMost {
		return fault.New(fault.Conflict, "too_many_blocks", "There are too many blocks: at most "+strconv.Itoa(blocksMost)+", of which "+strconv.Itoa(namePartsMost)+" may be parts of names.")
	}
	return nil
}

// enterBlock puts a block that was checked into its list, and notes it.
func (s *Service) enterBlock(tx Tx, b Block, by Actor) (Block, error) {
	known, err := tx.BlockOf(b.Site, b.Kind, b.Value)
	if err != nil && !fault.Is(err, "not_found") {
		return b, err
	}
	b.ID, b.CreatedAt, b.By = s.NewID(), s.Now(), by.Name
	event := BlockAdded
	if err == nil {
		b.ID, b.CreatedAt, b.Hits, b.LastHit, event = known.ID, known.CreatedAt, known.Hits, known.LastHit, BlockChanged
	}
	if err := tx.PutBlock(b); err != nil {
		return b, err
	}
	if err := tx.Revise(b.Site, b.list()); err != nil {
		return b, err
	}
	return b, s.houseOf(tx, logOf(b.Site), event, by, noteOfBlock(b), RowBlock, b.ID)
}

// putBlock is AddBlock within a transaction.
func (s *Service) putBlock(tx Tx, b Block, by Actor) error {
	if err := s.checkBlock(&b); err != nil {
		return err
	}
	_, err := s.enterBlock(tx, b, by)
	return err
}

func (b Block) list() List {
	if b.Site == AllSites {
		return ListBlocksEverywhere
	}
	return ListBlocks
}

// logOf is the log of a site's blocks: those of the installation are in its own.
func logOf(site string) string { return strings.TrimSuffix(site, AllSites) }

// noteOfBlock is what the audit trail says of a block. A range of addresses is
// the house's own word, not a reader's.
func noteOfBlock(b Block) map[string]any {
	return map[string]any{
		"id": b.ID, "kind": b.Kind, "value": b.Shown, "effect": b.Effect, "reason": b.Reason, "until": OptionalTime(b.Until), "author_id": b.Author,
	}
}

// BlockChange is what may be changed of a block; nil leaves it as it is.
type BlockChange struct {
	Effect *string
	Reason *string
	Until  *time.Time // the zero time = no end
}

// ChangeBlock changes a block.
func (s *Service) ChangeBlock(ctx context.Context, site, id string, change BlockChange, by Actor) (b Block, err error) {
	err = s.changeBlocks(ctx, site, func(tx Tx) error {
		if b, err = tx.Block(site, id); err != nil {
			return err
		}
		checked := Block{Effect: b.Effect, Reason: b.Reason} // without an end that may have passed already
		if change.Effect != nil {
			b.Effect, checked.Effect = BlockEffect(*change.Effect), BlockEffect(*change.Effect)
		}
		if change.Reason != nil {
			b.Reason, checked.Reason = *change.Reason, *change.Reason
		}
		if change.Until != nil {
			b.Until, checked.Until = *change.Until, *change.Until
		}
		if err := checked.checkTerms(s.Now()); err != nil {
			return err
		}
		b, err = s.enterBlock(tx, b, by)
		return err
	})
	return b, err
}

// RemoveBlock takes a block away.
func (s *Service) RemoveBlock(ctx context.Context, site, id string, by Actor) error {
	return s.changeBlocks(ctx, site, func(tx Tx) error {
		b, err := tx.Block(site, id)
		if err != nil {
			return err
		}
		return s.removeBlock(tx, b, by)
	})
}

func (s *Service) removeBlock(tx Tx, b Block, by Actor) error {
	if err := tx.RemoveBlock(b.Site, b.ID); err != nil {
		return err
	}
	if err := tx.Revise(b.Site, b.list()); err != nil {
		return err
	}
	return s.houseOf(tx, logOf(b.Site), BlockRemoved, by, noteOfBlock(b), RowBlock, b.ID)
}

// BlockImport is a list of entries of one kind, such as domains that give
// addresses away for a few minutes.
type BlockImport struct {
	Site   string
	Kind   BlockKind
	Effect BlockEffect
	Reason string
	Until  time.Time
	Values []string
}

// importMost is the most entries of one import.
const importMost = 1000

// BlocksImported is what became of an import.
type BlocksImported struct {
	Added   int            `json:"added"`
	Known   int            `json:"known"` // stood there already, and stay as they are
	Refused []RefusedBlock `json:"refused"`
}

// RefusedBlock is an entry that could not be taken. Line counts from 1.
type RefusedBlock struct {
	Line   int    `json:"line"`
	Value  string `json:"value"`
	Detail string `json:"detail"`
}

// ImportBlocks adds many blocks. What is wrong with one keeps no other out; empty
// lines and those that begin with # are passed over.
func (s *Service) ImportBlocks(ctx context.Context, in BlockImport, by Actor) (out BlocksImported, err error) {
	if len(in.Values) == 0 || len(in.Values) > importMost {
		return out, fault.Input("values", "invalid", "An import has 1 to "+strconv.Itoa(importMost)+" entries.")
	}
	out.Refused = []RefusedBlock{}
	var blocks []Block
	for i, value := range in.Values {
		if value = strings.TrimSpace(value); value == "" || value[0] == '#' {
			continue
		}
		b := Block{Site: in.Site, Kind: in.Kind, Value: value, Effect: in.Effect, Reason: in.Reason, Until: in.Until}
		err := s.checkBlock(&b)
		if f := fault.Of(err); err != nil && (len(f.Fields) == 0 || f.Fields[0].Name != "value") {
			return out, err
		} else if err != nil {
			out.Refused = append(out.Refused, RefusedBlock{i + 1, cut(strings.ToValidUTF8(value, "�"), 100), f.Detail})
			continue
		}
		blocks = append(blocks, b)
	}
	err = s.changeBlocks(ctx, in.Site, func(tx Tx) error {
		out.Added, out.Known = 0, 0
		var added []string
		if err := s.roomForBlocks(tx, in.Site, in.Kind, len(blocks)); err != nil {
			return err
		}
		for _, b := range blocks {
			if _, err := tx.BlockOf(b.Site, b.Kind, b.Value); err == nil {
				out.Known++
				continue
			} else if !fault.Is(err, "not_found") {
				return err
			}
			b.ID, b.CreatedAt, b.By = s.NewID(), s.Now(), by.Name
			if err := tx.PutBlock(b); err != nil {
				return err
			}
			out.Added++
			added = append(added, b.ID)
		}
		if out.Added == 0 {
			return nil
		}
		if err := tx.Revise(in.Site, Block{Site: in.Site}.list()); err != nil {
			return err
		}
		data := map[string]any{"kind": in.Kind, "effect": in.Effect, "reason": in.Reason, "until": OptionalTime(in.Until), "added": out.Added}
		return s.houseOf(tx, logOf(in.Site), BlocksAdded, by, data, RowBlock, added...)
	})
	return out, err
}

// BlocksPage lists a site's own blocks, or the installation's, newest first.
func (s *Service) BlocksPage(ctx context.Context, site, before string, limit int) (page []Block, last string, err error) {
	err = s.Store.View(ctx, func(r Reader) error {
		if site != AllSites {
			if _, err := r.Site(site); err != nil {
				return err
			}
		}
		page, err = r.BlocksPage(site, before, limit+1)
		return err
	})
	if len(page) > limit {
		page = page[:limit]
		last = page[limit-1].ID
	}
	return page, last, err
}

// BlocksMeeting gives the blocks of a site, and of the installation, that an
// e-mail address, a network address or a name would meet.
func (s *Service) BlocksMeeting(ctx context.Context, site, value string) ([]Block, error) {
	value = strings.TrimSpace(value)
	w := writer{name: value, ip: value}
	if strings.Contains(value, "@") {
		w.email = strings.ToLower(value)
	}
	set := compileBlocks()
	if site == AllSites {
		err := s.Store.View(ctx, func(r Reader) error {
			all, err := r.Blocks(AllSites)
			set = compileBlocks(all)
			return err
		})
		return set.meeting(s, w, s.Now()), err
	}
	rules, err := s.rulesOf(ctx, site)
	if err != nil {
		return nil, err
	}
	return rules.blocks.meeting(s, w, s.Now()), nil
}
