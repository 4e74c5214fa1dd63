package comment

import "time"

// Action is what a moderator does to a comment.
type Action string

// The actions.
const (
	Approve  Action = "approve"
	Reject   Action = "reject"
	MarkSpam Action = "spam"
	Delete   Action = "delete"
	Restore  Action = "restore"
)

// outcomes say, for each action, the status it leads to and the event that it
// appends.
var outcomes = map[Action]struct {
	Status Status
	Event  string
}{
	Approve:  {Approved, CommentApproved},
	Reject:   {Rejected, CommentRejected},
	MarkSpam: {Spam, CommentMarkedSpam},
	Delete:   {Deleted, CommentDeleted},
	Restore:  {Pending, CommentRestored},
}

// Decision is one act on one comment. A decision over many comments is many of
// these with one ID.
type Decision struct {
	Site        string
	ID          string
	CommentID   string
	Revision    int // that was seen
	Action      Action
	From, To    Status
	Reason      string // a word such as off_topic
	Note        string // for colleagues
	Actor       Actor
	At          time.Time
	EffectiveAt time.Time
	State       DecisionState
	Clause      string // id of the house rule that it names, "" for none
	Statement   string // what the author is told: a Statement as JSON, "" for nothing
}

// DecisionState is whether a decision has taken effect.
type DecisionState string

// The states of a decision.
const (
	DecisionHeld   DecisionState = "held" // inside its undo window
	DecisionDone   DecisionState = "done"
	DecisionUndone DecisionState = "undone"
)
