package demo

// The keys of the articles, as a publisher's own system would number them.
const (
	ferry   = "packet-4127"
	gauge   = "packet-4119"
	library = "packet-4131"
)

// Seed is one comment that the demo starts with.
type Seed struct {
	Article           string // the article's Key
	Name, Email, Text string
	Parent            int    // index in Seeds of what it answers, -1 for none
	Want              string // "approved", "pending", "rejected", "spam" or "deleted"
}

// Seeds are the comments of two of the three articles, parents before replies.
// Names and addresses are invented.
func Seeds() []Seed {
	return []Seed{
		{ferry, "Tamsin Orrell", "tamsin@orrell.example", "I am one of the nine. I finish at the care home at ten, five nights a week. If the boat goes at 21.40 I shall need a bed on this side or another job, and I would rather not have either.", -1, "approved"},
		{ferry, "Brock Hensley", "brock.hensley@post.example", "Nobody wants to lose it, but £61,000 for an empty boat on forty-three evenings is hard to defend to those of us who pay for it and never use it.", -1, "approved"},
		{ferry, "Isla Fennimore", "isla@fennimore.example", "Forty-three out of more than two hundred weekday evenings. On all the others somebody *was* on it.\n\n> an empty boat on forty-three evenings\n\nBy that count we should close:\n\n- the swimming pool in January\n- the bandstand\n- the council chamber in August", 1, "approved"},
		{ferry, "Brock Hensley", "brock.hensley@post.example", "The bandstand I would give you. Fair point about the rest.", 2, "approved"},
		{ferry, "Ewan Castle", "ewan.castle@post.example", "The launch has a record worth reading before anybody votes. The harbour log is here: [winter sailings](https://harbour.merrowick.example/log/winter). Look at the two weeks in February.", -1, "approved"},
		{ferry, "Maren Uhlig", "maren@uhlig.example", "Wir machen seit zwölf Jahren Urlaub auf Skelding. Ohne das späte Schiff müssten wir abends um neun vom Tisch aufstehen. Das wäre **sehr schade**, auch für die beiden Restaurants.", -1, "approved"},
		{ferry, "Priddy", "", "This comment was about somebody's brother and should not have been written.", -1, "deleted"},
		{ferry, "Tamsin Orrell", "tamsin@orrell.example", "Thank you for taking that back.", 6, "approved"},
		{ferry, "Gil Thackeray", "gil@thackeray.example", "A trial that ends in spring is no trial, it is a swindle. Count the winter or do not count at all.", -1, "pending"},
		{ferry, "Lucky Harbour Winner", "winner@prizes.example", "Congratulations!!! You have been chosen for a free cruise. Confirm your bank details within 24 hours: http://free-cruise.prizes.example/claim", -1, "spam"},
		{ferry, "Anon", "", "Five numbskulls on one committee, that must be a record even for this town.", -1, "rejected"},
		{gauge, "Wilf Amory", "wilf@amory.example", "My grandfather changed the paper in that hut from 1948 on. He used to say that the new float was “a lazy one”. We thought that he meant the bearings.", -1, "approved"},
		{gauge, "Nadia Kessel", "nadia@kessel.example", "Please print the number of the ledger with the delivery note. The archive would like to keep the two together.", 11, "approved"},
		{gauge, "رانية منصور", "rania@mansour.example", "قرأت هذا المقال مرتين. أجمل ما فيه أن خطأً صغيرًا بقي ثلاثين عامًا لأن أحدًا لم يكن ينظر إليه. شكرًا للمتطوعة على صبرها.", -1, "approved"},
		{gauge, "Colm Rathbone", "colm@rathbone.example", "Thirty-nine centimetres on the fish quay is not much. We had the water over the second step twice last winter, and `high water + 40` was the forecast both times. When will the council see the corrected line?", -1, "approved"},
		{gauge, "Petra Lindqvist", "petra@lindqvist.example", "Could the same float have been used in other harbours? The makers surely sold more than one.", -1, "pending"},
	}
}

// Words are the demo's lists for moderation, mild enough for a screenshot: a
// suspect word holds a comment, a banned one refuses it.
func Words() []struct{ List, Text string } {
	return []struct{ List, Text string }{
		{"suspect", "swindle"},
		{"suspect", "swindler"},
		{"suspect", "humbug"},
		{"banned", "numbskull"},
		{"banned", "numbskulls"},
		{"banned", "casino bonus"},
	}
}
