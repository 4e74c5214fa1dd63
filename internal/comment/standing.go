package comment

import "time"

// judge keeps the record of an author in step with what a person has decided: of
// each comment the newest human decision counts. One that is taken back takes
// back with it exactly what is left of it; see moderation.Record. It is called
// when a decision takes effect, so that one which is undone has never counted.
func (ch *change) judge(d Decision) error {
	if d.Actor.Kind != ActorModerator {
		return nil
	}
	before, err := ch.decidedBefore(d)
	if err != nil {
		return err
	}
	was, is := verdictOf(before.To), verdictOf(d.To)
	if was == "" && is == "" || was == is {
		return nil
	}
	a, err := ch.tx.Author(d.Site, ch.c.AuthorID)
	if err != nil {
		return err
	}
	if was != "" {
		a.Record = a.Record.Count(was == Approved, -1, before.EffectiveAt)
		if a.LastRejected.Equal(before.EffectiveAt) {
			a.LastRejected = time.Time{} // the one before is not remembered
		}
	}
	if is != "" {
		a.Record = a.Record.Count(is == Approved, 1, d.EffectiveAt)
	}
	if is == Rejected && d.EffectiveAt.After(a.LastRejected) {
		a.LastRejected = d.EffectiveAt
	}
	return ch.tx.PutRecord(d.Site, a.ID, a.Record, a.LastRejected)
}

// verdictOf is what a decision says of a comment: Approved, Rejected or nothing.
func verdictOf(to Status) Status {
	switch to {
	case Approved:
		return Approved
	case Rejected, Spam:
		return Rejected
	}
	return ""
}

// decidedBefore is the newest decision of a person on the comment that has taken
// effect, apart from d; none is the zero value. Where nothing has happened since
// the comment came in, as with most, nobody has to look.
func (ch *change) decidedBefore(d Decision) (Decision, error) {
	if ch.c.Sequence == 1 {
		return Decision{}, nil
	}
	all, err := ch.tx.Decisions(d.Site, d.CommentID)
	for _, one := range all {
		if one.ID != d.ID && one.State == DecisionDone && one.Actor.Kind == ActorModerator {
			return one, err
		}
	}
	return Decision{}, err
}
