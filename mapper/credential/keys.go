package credential

import (
	"hookline/mapper/naming"
	"hookline/mapper/pgtext"
)

// Classify says what a key of a JSON object says.
func (s *SecretColumns) Classify(key string) (c pgtext.KeyClass) {
	switch s.ofName(key) {
	case Leaves:
		return pgtext.SecretAny
	case Lets:
		return 0
	}
	if s.Off {
		return 0
	}
	if namesCredential(key, Anything) {
		c |= pgtext.SecretText
	}
	if namesCredential(key, Number) {
		c |= pgtext.SecretNumber
	}
	name := naming.Folded(key)
	if IsSalt(key, Anything) {
		c |= pgtext.SaltKey
	}
	if isHash(key) {
		c |= pgtext.HashKey
	}
	if settingNames[name] {
		c |= pgtext.NameKey
	}
	if isSettingValue(key) {
		c |= pgtext.ValueKey
	}
	return c
}
