package moderation

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// A paraphraser says one thing in many ways, as people do who are paid to post
// the same text from many accounts: other words, another order, words put in and
// left out, other numbers and addresses, greetings, punctuation, disguises.
type paraphraser struct{ *rand.Rand }

// advert is a text in sentences, with {a|b|c} for what may be said in several
// ways, # for a number and @ for an address.
type advert []string

// adverts are modelled on what is posted under news, in the languages of readers.
var adverts = map[string]advert{
	"job": {
		"I {lost|had lost|was fired from} my {job|position|work} last {year|winter|spring} and {did not know|had no idea} {what to do|how to go on}.",
		"{Now|Today|These days} I {earn|make|get} # {dollars|bucks|USD} {every|each|per} {week|month} {working|doing simple work} {from home|at home|from my kitchen table} with this {simple|easy} {trading|investment} {program|platform|software}.",
		"{My friend|A friend of mine|My cousin} {showed me|told me about|sent me} the {website|site|page} and I {started|began|tried} with {only|just} # {dollars|bucks|USD}.",
		"{Visit|See|Go to} @ {today|right now|this week} and {write to|contact|message} {Mister|Mr} Johnson on {WhatsApp|Telegram} # before the {offer|chance} {ends|is over}.",
	},
	"loan": {
		"{Do you need|Are you looking for|Searching for} {an urgent|a fast|a quick} {loan|credit} to {pay|clear|settle} your {bills|debts} or {start|open} a {business|company}?",
		"We {offer|give|provide} {personal|private} and {business|commercial} {loans|credits} with {low|small} interest {rates|rate} of # percent {without|with no} {collateral|credit check}.",
		"{Contact|Write to|Reach} our {office|team|agents} by {email|mail} {today|now} and {receive|get} your {money|funds} within # {hours|days}.",
		"{Apply|Register} at @ for {details|more information}.",
	},
	"healer": {
		"I am {writing|posting} this {testimony|story} because {doctor|dr} Ehimare {saved|healed|repaired} my {marriage|relationship} after my {husband|wife} {left|abandoned} me for {another|someone else} # {months|years} ago.",
		"He {cast|prepared|made} a {powerful|strong} {love|reunion} {spell|ritual} and {within|after} # days my {partner|spouse} {came back|returned} {home|to me} {begging|asking} for {forgiveness|another chance}.",
		"If you {have|face} {problems|trouble} in your {marriage|relationship} {contact|write to|message} him at @ {today|now}, he {helps|cures} also with {illness|disease} and {bad luck|court cases}.",
	},
	"shop": {
		"{Original|Genuine|Authentic} {designer|brand} {watches|handbags|shoes} {reduced|discounted} by # percent {only|just} {this|until the} {weekend|week}.",
		"{Free|Fast} {worldwide|international} {shipping|delivery} and {secure|safe} {payment|checkout} at @ while {stocks|supplies} {last|remain}.",
	},
	"deutsch": {
		"{Ich hatte|Vor einem Jahr hatte ich} {hohe|viele} {Schulden|Kredite} und {wusste|sah} {nicht mehr weiter|keinen Ausweg}.",
		"{Jetzt|Heute|Inzwischen} {verdiene|bekomme} ich {jeden Monat|monatlich|jede Woche} # Euro {von zu Hause|im Homeoffice|am Küchentisch} mit {diesem|einem} {einfachen|simplen} {Programm|System} für {Kryptowährungen|digitale Währungen}.",
		"{Ein Bekannter|Mein Schwager|Ein Kollege} hat mir die {Plattform|Webseite|Seite} {gezeigt|empfohlen}, {angefangen|begonnen} habe ich mit {nur|bloß} # Euro.",
		"{Schaut|Geht} {heute noch|schnell|gleich} auf @ und {meldet euch an|registriert euch}, {bevor|ehe} das {Angebot|Zeitfenster} {endet|abläuft}.",
	},
}

var (
	greetings = []string{"", "", "Hello everyone! ", "Hi all, ", "Good morning dear readers. ", "Greetings - ", "Dear friends: ", "OMG!!! "}
	closings  = []string{"", "", " Thank me later.", " Good luck!", " :-)", " God bless you all", " 🔥🔥🔥", " It really works, believe me."}
	fillers   = []string{"really", "actually", "honestly", "just", "simply", "guys", "indeed", "quickly", "easily", "seriously"}
)

func (p paraphraser) of(a advert) string {
	sentences := slices.Clone(a)
	if p.IntN(2) == 0 {
		i := p.IntN(len(sentences))
		sentences[0], sentences[i] = sentences[i], sentences[0]
	}
	if len(sentences) > 3 && p.IntN(8) == 0 {
		sentences = slices.Delete(sentences, 1, 2)
	}
	for i, s := range sentences {
		sentences[i] = p.sentence(s)
	}
	text := one(p, greetings) + strings.Join(sentences, one(p, []string{" ", " ", "\n", "\n\n", " ... "})) + one(p, closings)
	return p.disguise(text)
}

func (p paraphraser) sentence(s string) string {
	var b strings.Builder
	for s != "" {
		from := strings.IndexByte(s, '{')
		if from < 0 {
			break
		}
		to := strings.IndexByte(s, '}')
		b.WriteString(s[:from] + one(p, strings.Split(s[from+1:to], "|")))
		s = s[to+1:]
	}
	words := strings.Fields(b.String() + s)
	for i := range words {
		words[i] = strings.ReplaceAll(words[i], "#", fmt.Sprint(10+p.IntN(9000)))
		words[i] = strings.ReplaceAll(words[i], "@", p.address())
		if p.IntN(14) == 0 {
			words[i] = one(p, fillers) + " " + words[i]
		}
	}
	return one(p, []string{strings.Join(words, " "), strings.TrimRight(strings.Join(words, " "), ".") + "!!", strings.ToLower(strings.Join(words, " "))})
}

func (p paraphraser) address() string {
	host := fmt.Sprintf("%s-%s%d.example", one(p, []string{"easy", "fast", "top", "best"}), one(p, []string{"money", "deal", "help", "win"}), p.IntN(100))
	return one(p, []string{"https://" + host + "/" + fmt.Sprintf("%x", p.Uint32()), "www." + host, "http://" + host + "/?r=" + fmt.Sprint(p.IntN(1e6))})
}

// disguise writes some words so that a list of words would not know them.
func (p paraphraser) disguise(text string) string {
	if p.IntN(3) > 0 {
		return text
	}
	words := strings.Split(text, " ")
	for i, w := range words {
		if p.IntN(5) > 0 || strings.Contains(w, "example") {
			continue
		}
		switch p.IntN(5) {
		case 0:
			w = strings.NewReplacer("o", "0", "i", "1", "e", "3").Replace(w)
		case 1:
			w = strings.NewReplacer("o", "о", "e", "е", "a", "а").Replace(w) // Cyrillic
		case 2:
			w = strings.Join(strings.Split(w, ""), "\u200b")
		case 3:
			w = strings.ToUpper(w)
		case 4:
			w = strings.NewReplacer("a", "á", "e", "ë", "o", "ö").Replace(w)
		}
		words[i] = w
	}
	return strings.Join(words, " ")
}

func one[T any](p paraphraser, of []T) T { return of[p.IntN(len(of))] }
