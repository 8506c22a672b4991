package credential

import (
	"slices"
	"strings"

	"hookline/mapper/naming"
)

// Which names say that what they name is a credential. A name is split into words first, so that
// api_key, apiKey, api-key, ApiKey and API_KEY are alike, and tokens is token.

// credentialPhrases say so wherever in a name they stand.
var credentialPhrases = phrases(`
	password, passwd, passphrase, passcode, passhash, pwd, pass word, pass phrase, pass code,
	secret, credential, token, jwt, csrf, xsrf,
	otp, totp, hotp, pin hash, pin digest, pin number, cvv, cvc, psk, passkey, phpsessid, jsessionid,

	api key, access key, private key, secret key, shared key, auth key, authentication key,
	authorization key, encryption key, encrypted key, decryption key, signing key, signature key,
	master key, session key, hmac key, webhook key, consumer key, application key, app key,
	integration key, server key, deploy key, security key, recovery key, reset key,
	confirmation key, verification key, activation key, unlock key,
	hashed key, key hash, key digest,

	recovery code, backup code, scratch code, verification code, verify code, confirmation code,
	activation code, reset code, invite code, invitation code, access code, login code, sms code,
	security code, auth code, authorization code, unlock code, one time code, mfa code, 2fa code,
	two factor code, code verifier,

	mfa seed, 2fa seed, two factor seed, seed phrase, mfa key, 2fa key, tfa key, two factor key,

	user pass, db pass, database pass, smtp pass, mail pass, imap pass, ftp pass, ldap pass,
	auth pass, login pass, admin pass, proxy pass, pass crypted, pass temp,

	session hash, session data, session cookie,
	remember digest, reset digest, activation digest, confirmation digest, invitation digest,
	auth data, auth header, authorization header, proxy authorization, security answer,

	reset link, reset url, magic link, login link, signin link, invite link, invite url,
	invitation link, invitation url, webhook url, webhook uri,
	connection string, database url, database uri, db url, db uri, redis url, amqp url, mongo url,
	smtp url
`)

// lastCredentialPhrases say so at the end of a name: what comes behind makes something else of
// them, as of the salt in salt_lake_city.
var lastCredentialPhrases = phrases(`salt, cookie, dsn, keystore, session id`)

// wholeCredentialNames say so alone.
var wholeCredentialNames = naming.Set(`pass pw session authorization bearer`)

// credentialEndings say so at the end of a word that is written as one: accesstoken,
// clientsecret.
var credentialEndings = []string{
	"passphrase", "passcode", "pwd", "secret", "token", "credential",
	"apikey", "privatekey", "secretkey", "accesskey",
}

// aboutCredentials end the names of what only tells of a credential: how many there are, when one
// ends, of what kind it is, or which one.
var aboutCredentials = naming.Set(`
	at on in date time timestamp day days hours minutes seconds ms
	expires expire expiry expiration expired expiring until validity ttl lifetime lifespan duration age
	count counts counter total quantity used usage left remaining attempts tries retries
	failures limit limits quota max min rate budget cost costs price supply balance amount
	length len size strength score complexity entropy
	type kind policy policies rule rules pattern regex format encoding algorithm algo method scheme
	required needed enabled enable disabled active allowed verified confirmed valid invalid revoked
	set changed updated created sent requested generated rotated issued status state
	id ids name names label title description version
	provider issuer audience scope scopes prefix symbol address endpoint
	owner user users by author template manager question questions
`)

// urlsAboutCredentials end in url and lead to where credentials are given out.
var urlsAboutCredentials = phrases(`token url, token uri`)

// typedCredentials are what people type, and what may therefore be kept as a number.
var typedCredentials = naming.Set(
	`password passwd passcode pwd pin otp totp hotp cvv cvc token code`)

// Held is what values of a column, or under a key, may be.
type Held uint8

const (
	Anything   Held = iota // text, bytes, documents, and all that is not one of the others
	Identifier             // a UUID
	Number
	Fact // a boolean, a time, one of a few given words: none of them is a credential
)

// Names reports whether what has that name, and holds such values, is a credential.
func namesCredential(name string, of Held) bool {
	if of == Fact {
		return false
	}
	w := plainWords(name)
	if len(w) == 0 {
		return false
	}
	last := w[len(w)-1]
	switch {
	case lastCredentialPhrases.endOf(w):
		return of == Anything || of == Identifier && last != "id"
	case last == "pin": // pins are on a map
		return of != Identifier
	case len(w) == 1 && wholeCredentialNames[last]:
		return of != Number
	case aboutCredentials[last] || urlsAboutCredentials.endOf(w):
		return false
	}
	for i := range w {
		n := credentialPhrases.startOf(w[i:])
		if n == 0 && readsAsCredential(w[i]) {
			n = 1
		}
		// A number of tokens is how many there are.
		if n > 0 && (of != Number || typedCredentials[w[i+n-1]]) {
			return true
		}
	}
	return false
}

// readsAsCredential reports whether several words that are written as one say so.
func readsAsCredential(word string) bool {
	if strings.Contains(word, "password") || strings.Contains(word, "passwd") {
		return true
	}
	one := strings.TrimSuffix(word, "s")
	if credentialPhrases.joined[one] || lastCredentialPhrases.joined[one] {
		return true
	}
	for _, ending := range credentialEndings {
		tail, begins := strings.CutPrefix(word, ending)
		if strings.HasSuffix(one, ending) || begins && isCredentialTail[tail] {
			return true
		}
	}
	return false
}

// isCredentialTail are the words that may follow a credential's in one that is written as one:
// tokenhash.
var isCredentialTail = naming.Set(`hash key salt value data digest text plain`)

// plainWords returns the words of a name in lower case, without the digits at their ends:
// password2 is another password.
func plainWords(name string) []string {
	w := naming.Words(name)
	plain := w[:0]
	for _, word := range w {
		lower := strings.ToLower(word)
		if bare := strings.TrimRight(lower, "0123456789"); bare != "" {
			lower = bare
		}
		switch {
		case lower == "fa" && len(plain) > 0 && plain[len(plain)-1] == "2":
			plain[len(plain)-1] += "fa" // 2FA, split where upper case begins
		case lower == "auth" && len(plain) > 0 && plain[len(plain)-1] == "o":
			plain[len(plain)-1] = "oauth"
		default:
			plain = append(plain, lower)
		}
	}
	return plain
}

// phraseSet is a set of phrases, each of one word or more.
type phraseSet struct {
	byFirst map[string][][]string
	joined  map[string]bool // those of several words, written as one
}

// phrases reads a list with commas.
func phrases(list string) phraseSet {
	p := phraseSet{byFirst: map[string][][]string{}, joined: map[string]bool{}}
	for phrase := range strings.SplitSeq(list, ",") {
		w := strings.Fields(phrase)
		p.byFirst[w[0]] = append(p.byFirst[w[0]], w)
		if len(w) > 1 {
			p.joined[strings.Join(w, "")] = true
		}
	}
	return p
}

// startOf returns how many words the longest phrase has that w begins with, 0 for none.
func (p phraseSet) startOf(w []string) (n int) {
	for _, first := range []string{w[0], strings.TrimSuffix(w[0], "s")} {
		for _, phrase := range p.byFirst[first] {
			if len(phrase) > n && len(phrase) <= len(w) && isPhrase(phrase, w[:len(phrase)]) {
				n = len(phrase)
			}
		}
	}
	return n
}

// endOf reports whether w ends with a phrase.
func (p phraseSet) endOf(w []string) bool {
	for i := range w {
		if p.startOf(w[i:]) == len(w)-i {
			return true
		}
	}
	return false
}

// isPhrase reports whether w is the phrase, in the singular or the plural.
func isPhrase(phrase, w []string) bool {
	last := len(w) - 1
	return slices.Equal(phrase[:last], w[:last]) &&
		(w[last] == phrase[last] || w[last] == phrase[last]+"s")
}
