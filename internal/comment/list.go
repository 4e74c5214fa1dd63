package comment

// List names one of a site's lists that every comment is held against. Nodes keep
// lists compiled, and read one again when its version has grown.
type List string

// The lists.
const (
	ListWords  List = "words"
	ListBlocks List = "blocks"
	// ListBlocksEverywhere is kept for AllSites; Versions gives it with every site's.
	ListBlocksEverywhere List = "blocks_everywhere"
	ListIntegrations     List = "integrations"
	ListRules            List = "rules"
	ListHouse            List = "house_rules" // clauses and templates
)
