package main

import (
	"fmt"
	"reflect"

	"github.com/alecthomas/kong"
)

// said checks the flags and arguments of a command line: one that is said and empty is a variable
// of a shell that is not set, more often than not, and would be taken for one that is not said.
// Those with the tag clears:"" are different: there nothing is a value.
func said(command *kong.Context) error {
	for _, p := range command.Path {
		switch {
		case p.Resolved: // of the environment
		case p.Flag != nil && p.Flag.Required && isEmpty(p.Flag.Target):
			return fmt.Errorf("--%s is empty: %s", p.Flag.Name, p.Flag.Help)
		case p.Flag != nil && !p.Flag.Tag.Has("clears") && isEmpty(p.Flag.Target):
			return fmt.Errorf("--%s is empty: leave it out, or say it: %s", p.Flag.Name, p.Flag.Help)
		case p.Positional != nil && isEmpty(p.Positional.Target):
			return fmt.Errorf("<%s> is empty: %s", p.Positional.Name, p.Positional.Help)
		}
	}
	return nil
}

// isEmpty reports whether a value, or something in it, is an empty text.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.String:
		return v.Len() == 0
	case reflect.Pointer:
		return !v.IsNil() && isEmpty(v.Elem())
	case reflect.Slice, reflect.Map:
		for _, element := range v.Seq2() {
			if isEmpty(element) {
				return true
			}
		}
		return v.Len() == 0
	default:
		return false
	}
}
