package naming

import (
	"slices"
	"strings"
)

// singular returns the singular of an English word in lower case. What is one already stays, and so
// does what is no English word. It knows the words that tables are named by, not all there are.
func singular(word string) string {
	foreign := func(r rune) bool { return r < 'a' || r > 'z' }
	switch {
	case len(word) < 3 || strings.ContainsFunc(word, foreign) || singulars[word]:
		return word
	case irregular[word] != "":
		return irregular[word]
	}
	for i := range endings {
		e := &endings[i]
		if stem, ends := strings.CutSuffix(word, e.plural); ends && e.applies(stem+e.singular) {
			return stem + e.singular
		}
	}
	return word
}

// ending is how a plural ends, and its singular; only for the singulars that are listed, if any
// are. One that begins with a hyphen stands for all that end like it.
type ending struct {
	plural, singular string
	only             []string
}

// endings are tried from the first on.
var endings = []ending{
	{"men", "man", []string{
		"man", "woman", "salesman", "chairman", "foreman", "craftsman", "businessman", "policeman",
	}},
	{"people", "person", nil},
	{"children", "child", nil},
	{"quizzes", "quiz", nil},
	{"ies", "ie", []string{
		"movie", "cookie", "calorie", "selfie", "zombie", "brownie", "genie", "rookie", "hoodie",
		"smoothie", "prairie", "newbie", "goalie", "birdie", "bookie", "pixie", "magpie", "cutie",
		"indie", "foodie", "sortie", "-talkie", "die", "lie", "pie", "tie",
	}},
	{"ies", "y", nil},
	{"ves", "fe", []string{"knife", "wife", "life", "midwife", "housewife"}},
	{
		"ves",
		"f",
		[]string{
			"shelf", "bookshelf", "half", "wolf", "calf", "leaf", "loaf", "thief", "self", "elf",
			"scarf", "hoof", "dwarf", "sheaf",
		},
	},
	{"oes", "oe", []string{
		"shoe", "toe", "foe", "canoe", "oboe", "hoe", "floe", "aloe", "horseshoe", "snowshoe",
	}},
	{"oes", "o", nil},
	{"yses", "ysis", nil},
	{"eses", "esis", []string{"-thesis", "genesis"}},
	{"oses", "osis", []string{"-gnosis", "osmosis", "neurosis", "psychosis", "symbiosis"}},
	{"opses", "opsis", nil},
	{"ises", "isis", []string{"crisis"}},
	{"ases", "asis", []string{"oasis"}},
	{"ases", "as", []string{"alias", "canvas", "atlas", "bias", "christmas", "pancreas"}},
	{"enses", "ens", []string{"lens"}},
	{"ises", "is", []string{"iris", "trellis", "pelvis", "metropolis"}},
	{"uses", "use", []string{
		"-ause", "-ouse", "reuse", "misuse", "excuse", "fuse", "abuse", "muse", "recluse",
	}},
	{"uses", "us", nil},
	{"sses", "sse", []string{"posse", "finesse", "crevasse", "mousse", "impasse"}},
	{"sses", "ss", nil},
	{
		"ches",
		"che",
		[]string{
			"cache", "niche", "ache", "headache", "toothache", "avalanche", "psyche", "creche",
			"quiche", "cliche", "brioche", "microfiche",
		},
	},
	{"ches", "ch", nil},
	{"shes", "sh", nil},
	{"xes", "x", nil},
	{"zzes", "zz", nil},
	{"tzes", "tz", nil},
	{"us", "u", []string{"menu", "submenu", "guru", "sku", "cpu", "gpu", "emu", "tutu"}},
	{"ss", "ss", nil},
	{"us", "us", nil},
	{"sis", "sis", nil},
	{"s", "", nil},
}

// irregular are plurals that follow no rule.
var irregular = map[string]string{
	"feet": "foot", "teeth": "tooth", "geese": "goose", "mice": "mouse",
	"oxen": "ox", "dice": "die", "indices": "index", "vertices": "vertex",
	"matrices": "matrix", "appendices": "appendix", "criteria": "criterion",
	"phenomena": "phenomenon", "schemata": "schema", "corpora": "corpus",
	"curricula": "curriculum", "memoranda": "memorandum", "addenda": "addendum",
	"bacteria": "bacterium", "alumni": "alumnus", "stimuli": "stimulus",
	"syllabi": "syllabus", "axes": "axis", "uses": "use", "buses": "bus",
	"gases": "gas",
}

// singulars are words that look like plurals, or are the same in both.
var singulars = Set(`
	series species news means headquarters crossroads premises goods
	analytics logistics economics mathematics physics politics athletics genetics electronics
	robotics ergonomics informatics
	canvas alias atlas gas bias lens christmas pancreas axis iris chassis debris tennis trellis
	pelvis metropolis chaos kudos
	sms mms gps dns tls css rss cms lms wms aws https saas paas iaas ios macos pos nas gis dbms
	rdbms nfs sns sqs kms vps usps fps
	redis kubernetes postgres jenkins`)

// applies reports whether the rule is for that singular.
func (e *ending) applies(singular string) bool {
	return e.only == nil || slices.ContainsFunc(e.only, func(word string) bool {
		family, ok := strings.CutPrefix(word, "-")
		return word == singular || ok && strings.HasSuffix(singular, family)
	})
}
