package web

import "strings"

// appealWords are the words of the appeal page in the language of a site, or in
// English, and which of the two it is. Those whose key is the code of a fault say
// what went wrong.
func appealWords(language string) (lang string, words map[string]string) {
	lang, _, _ = strings.Cut(strings.ToLower(language), "-")
	if words := appealLanguages[lang]; words != nil {
		return lang, words
	}
	return "en", appealLanguages["en"]
}

var appealLanguages = map[string]map[string]string{
	"en": {
		"title": "Your comment is not shown", "message": "What we have to say", "facts": "What was decided", "comment": "Your comment", "article": "Article",
		"decided": "Decision", "did_reject": "Rejected", "did_spam": "Taken for spam", "did_delete": "Deleted", "rule": "House rule",
		"by": "Who decided", "by_person": "A person.", "by_both": "A person, after an automatic check had pointed the comment out.", "by_machine": "An automatic check; no person has looked yet.",
		"checks": "Checks:", "appeal": "Ask for another look", "until": "You can ask for another look until",
		"other": "Somebody who had no part in this decision will read your comment. You find the answer here, at this address.",
		"why":   "Why is the decision wrong?", "send": "Ask for another look", "made": "You have asked for another look on", "waits": "The answer will stand here, at this address.",
		"upheld": "We have looked again. The decision stands.", "overturned": "We have looked again. The decision was wrong.",
		"appeals_off": "This decision cannot be appealed.", "appeal_window_over": "The time for asking for another look is over.",
		"decided_anew": "The comment has been decided anew since.", "already_appealed": "You have asked for another look already.",
		"invalid": "Say why the decision is wrong, in at most 4000 characters.", "rate_limited": "That was a bit fast. Try again in a moment.",
		"problem": "That did not work. Try again in a moment.", "gone_title": "There is nothing here", "gone": "This link belongs to no decision, or it was not copied completely.",
	},
	"de": {
		"title": "Ihr Kommentar wird nicht angezeigt", "message": "Was wir dazu sagen", "facts": "Was entschieden wurde", "comment": "Ihr Kommentar", "article": "Artikel",
		"decided": "Entscheidung", "did_reject": "Abgelehnt", "did_spam": "Als Spam eingestuft", "did_delete": "Gelöscht", "rule": "Hausregel",
		"by": "Wer entschieden hat", "by_person": "Ein Mensch.", "by_both": "Ein Mensch, nachdem eine automatische Prüfung auf den Kommentar hingewiesen hatte.", "by_machine": "Eine automatische Prüfung; ein Mensch hat noch nicht hingesehen.",
		"checks": "Prüfungen:", "appeal": "Um eine neue Prüfung bitten", "until": "Sie können um eine neue Prüfung bitten bis",
		"other": "Ihren Kommentar liest dann jemand, der an dieser Entscheidung nicht beteiligt war. Die Antwort finden Sie hier, unter dieser Adresse.",
		"why":   "Warum ist die Entscheidung falsch?", "send": "Um eine neue Prüfung bitten", "made": "Sie haben um eine neue Prüfung gebeten am", "waits": "Die Antwort wird hier stehen, unter dieser Adresse.",
		"upheld": "Wir haben noch einmal hingesehen. Die Entscheidung bleibt.", "overturned": "Wir haben noch einmal hingesehen. Die Entscheidung war falsch.",
		"appeals_off": "Gegen diese Entscheidung gibt es keinen Einspruch.", "appeal_window_over": "Die Zeit, um eine neue Prüfung zu bitten, ist vorbei.",
		"decided_anew": "Über den Kommentar ist inzwischen neu entschieden worden.", "already_appealed": "Sie haben schon um eine neue Prüfung gebeten.",
		"invalid": "Sagen Sie in höchstens 4000 Zeichen, warum die Entscheidung falsch ist.", "rate_limited": "Das war etwas schnell. Versuchen Sie es gleich noch einmal.",
		"problem": "Das hat nicht geklappt. Versuchen Sie es gleich noch einmal.", "gone_title": "Hier ist nichts", "gone": "Dieser Link gehört zu keiner Entscheidung, oder er wurde nicht vollständig kopiert.",
	},
}
