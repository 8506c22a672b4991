package main

import (
	"go/ast"
	"go/token"
	"os"
	"regexp"
	"slices"
	"testing"

	"hookline/internal/source"
)

// levels are the methods of a logger, and where the keys of each begin.
var levels = map[string]int{"Debug": 1, "Info": 1, "Warn": 1, "Error": 1, "Log": 3, "With": 0}

// attributes are the functions of slog that begin with a key.
var attributes = []string{
	"String", "Int", "Int64", "Uint64", "Float64", "Bool", "Duration", "Time",
	"Any", "Group",
}

var aKey = regexp.MustCompile(`^[a-z][a-z_]*$`)

// Every key that a line of the log has is in the vocabulary of docs/operations.md, and the other
// way about.
func TestVocabularyOfTheLog(t *testing.T) {
	text, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{"time": true, "level": true, "msg": true}
	_, section, _ := cut(string(text), "### The log\n", "\n### ")
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]+`) \\|").FindAllStringSubmatch(section,
		-1) {
		for _, key := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(row[1], -1) {
			if listed[key[1]] {
				t.Errorf("docs/operations.md has the key %s twice", key[1])
			}
			listed[key[1]] = true
		}
	}
	used := map[string]bool{"time": true, "level": true, "msg": true}
	calls := 0
	source.Each(t, "../..", func(files *token.FileSet, file *ast.File) {
		use := func(e ast.Expr) {
			key := source.Text(e, nil)
			if !aKey.MatchString(key) {
				t.Errorf("%s: want a literal key of a-z and _", files.Position(e.Pos()))
			} else if used[key] = true; !listed[key] {
				t.Errorf("%s: docs/operations.md does not have the key %s", files.Position(e.Pos()), key)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CompositeLit: // keys and values put together before
				list, ok := n.Type.(*ast.ArrayType)
				if ok && isAny(list.Elt) && len(n.Elts) > 1 && aKey.MatchString(source.Text(n.Elts[0], nil)) {
					for i := 0; i < len(n.Elts); i += 2 {
						use(n.Elts[i])
					}
				}
				return true
			case *ast.CallExpr:
				if name, ok := n.Fun.(*ast.Ident); ok && name.Name == "append" && len(n.Args) > 2 &&
					grows(n.Args[0]) {
					for i := 1; i < len(n.Args); i += 2 {
						use(n.Args[i])
					}
				}
				method, ok := n.Fun.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				if of, ok := method.X.(*ast.Ident); ok && of.Name == "slog" {
					if slices.Contains(attributes, method.Sel.Name) && len(n.Args) > 1 {
						use(n.Args[0])
					}
					return true
				}
				if from, ok := levels[method.Sel.Name]; ok && isLogger(method.X) {
					calls++
					for i := from; i < len(n.Args) && !n.Ellipsis.IsValid(); i += 2 {
						use(n.Args[i])
					}
				}
			}
			return true
		})
	})
	for key := range listed {
		if !used[key] {
			t.Errorf("docs/operations.md has the key %s, which no line of the log has", key)
		}
	}
	if calls < 100 {
		t.Errorf("only %d calls of a logger found", calls)
	}
}

// isLogger reports whether an expression is a logger by its name: log, d.log, db.Log.
func isLogger(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name == "log"
	case *ast.SelectorExpr:
		return e.Sel.Name == "log" || e.Sel.Name == "Log"
	}
	return false
}

func isAny(e ast.Expr) bool {
	name, ok := e.(*ast.Ident)
	return ok && name.Name == "any"
}

// grows reports whether a list is one of keys and values, by its name.
func grows(e ast.Expr) bool {
	name, ok := e.(*ast.Ident)
	return ok && name.Name == "given"
}

// cut returns what is between two texts.
func cut(text, after, before string) (head, middle, tail string) {
	found := regexp.MustCompile(`(?s)^(.*?)` + regexp.QuoteMeta(after) + `(.*?)` +
		regexp.QuoteMeta(before) + `(.*)$`).FindStringSubmatch(text)
	if found == nil {
		return text, "", ""
	}
	return found[1], found[2], found[3]
}
