// Package source reads Hookline's own source, for tests that hold documents to it.
package source

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// aside are folders whose code is not in the binary, or only in the demo.
var aside = map[string]bool{
	"e2e": true, "bench": true, "findings": true, "testdata": true, "bin": true, ".git": true,
	"postgres": true, "twentydb": true, "receiver": true, "source": true, "tools": true,
}

// Each calls f with every file of the program below root, tests left out.
func Each(t *testing.T, root string, f func(*token.FileSet, *ast.File)) {
	t.Helper()
	fset := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && aside[entry.Name()]:
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err == nil {
			f(fset, file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Text returns the text of a string, put together of several literals or not; "" for anything else.
// It looks names up in constants.
func Text(e ast.Expr, constants map[string]string) string {
	switch e := e.(type) {
	case *ast.BinaryExpr:
		return Text(e.X, constants) + Text(e.Y, constants)
	case *ast.Ident:
		return constants[e.Name]
	case *ast.BasicLit:
		text, _ := strconv.Unquote(e.Value)
		return text
	}
	return ""
}
