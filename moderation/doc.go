// Package moderation examines one comment and says what should become of it.
//
// A Pipeline runs every Check over a Subject and keeps what each of them found
// as a Trace; Decide turns the trace into one Lane. No check ever stops
// another one, so a moderator sees all the reasons and not only the first.
//
// The package hides how disguised spelling is undone (Normalise), how word
// lists are matched in linear time (Words) and how hints of different strength
// become one decision (Decide). It is pure: it opens nothing, stores nothing
// and owns no clock; whatever a check may know is in the Subject.
//
// The comment service of this project calls it inside each submission and each
// edit. Anybody else may import it to write a Check of their own:
//
//	pipeline := moderation.New(myCheck{})
//	trace := pipeline.Examine(ctx, subject)
//	verdict := moderation.Decide(subject, trace)
package moderation
