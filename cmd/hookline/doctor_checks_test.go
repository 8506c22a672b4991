package main

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

// doctorsChecks returns the names under which the source makes findings for the doctor, and whether
// one may be anything but fine. A name that cannot be told by reading the source fails the test.
func doctorsChecks(t *testing.T) map[string]bool {
	t.Helper()
	s := &findingsInSource{
		consts: map[string]map[string]string{}, names: map[string]bool{}, passed: map[param]bool{},
	}
	for _, root := range []string{"cdc", "mapper", "webhook", "spool", "sender", "internal"} {
		err := filepath.WalkDir(filepath.Join("..", "..", root), s.parse)
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range s.files {
		s.makers(f)
	}
	for range 3 { // of a function that passes its own parameter on
		for _, f := range s.files {
			s.callers(f)
		}
	}
	for _, what := range s.unknown {
		t.Errorf("%s: the name of a finding is neither a constant nor a parameter", what)
	}
	return s.names
}

type findingsInSource struct {
	set     token.FileSet
	files   []*ast.File
	consts  map[string]map[string]string // of packages, by directory
	names   map[string]bool              // and whether it may be other than fine
	passed  map[param]bool               // likewise: parameters that are names
	unknown []string
}

// param is one of all functions of a name.
type param struct {
	function string
	index    int
}

// parse reads a file, unless it is of a test, or of what the console finds by itself.
func (s *findingsInSource) parse(path string, entry fs.DirEntry, err error) error {
	switch {
	case err != nil:
		return err
	case entry.IsDir() && (entry.Name() == "operate" || entry.Name() == "testdata"):
		return filepath.SkipDir
	case entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
		return nil
	}
	f, err := parser.ParseFile(&s.set, path, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	s.files = append(s.files, f)
	if s.consts[dir] == nil {
		s.consts[dir] = map[string]string{}
	}
	for _, d := range f.Decls {
		constants(d, s.consts[dir])
	}
	return nil
}

// constants notes those of a declaration that are texts.
func constants(d ast.Node, into map[string]string) {
	g, ok := d.(*ast.GenDecl)
	if !ok || g.Tok != token.CONST {
		return
	}
	for _, spec := range g.Specs {
		v := spec.(*ast.ValueSpec)
		for i, value := range v.Values {
			if text, ok := literal(value); ok {
				into[v.Names[i].Name] = text
			}
		}
	}
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

// scope is a function, and what names mean in it.
type scope struct {
	consts map[string]string // its own
	params map[string]param
	dir    string
}

func (s *findingsInSource) scope(f *ast.FuncDecl, dir string) scope {
	in := scope{map[string]string{}, map[string]param{}, dir}
	ast.Inspect(f, func(n ast.Node) bool {
		if n != nil {
			constants(n, in.consts)
		}
		return true
	})
	i := 0
	for _, field := range f.Type.Params.List {
		for _, name := range field.Names {
			in.params[name.Name] = param{f.Name.Name, i}
			i++
		}
		if len(field.Names) == 0 {
			i++
		}
	}
	return in
}

// functions calls do with each function of a file that has a body.
func (s *findingsInSource) functions(file *ast.File, do func(*ast.FuncDecl, scope)) {
	dir := filepath.Dir(s.set.Position(file.Package).Filename)
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
			do(f, s.scope(f, dir))
		}
	}
}

// note takes note of the expression that names a finding.
func (s *findingsInSource) note(e ast.Expr, in scope, fails bool) {
	if text, ok := literal(e); ok {
		s.names[text] = s.names[text] || fails
		return
	}
	ident, ok := e.(*ast.Ident)
	if !ok { // that of another finding
		if _, ok := e.(*ast.SelectorExpr); !ok {
			s.unknown = append(s.unknown, s.set.Position(e.Pos()).String())
		}
		return
	}
	text, local := in.consts[ident.Name]
	if !local {
		text, local = s.consts[in.dir][ident.Name]
	}
	p, given := in.params[ident.Name]
	switch {
	case local:
		s.names[text] = s.names[text] || fails
	case given:
		s.passed[p] = s.passed[p] || fails
	default:
		s.unknown = append(s.unknown, s.set.Position(e.Pos()).String()+": "+ident.Name)
	}
}

// makers looks for findings that a file makes.
func (s *findingsInSource) makers(file *ast.File) {
	s.functions(file, func(f *ast.FuncDecl, in scope) {
		changes := false // what was fine at first
		ast.Inspect(f, func(n ast.Node) bool {
			if a, ok := n.(*ast.AssignStmt); ok {
				for _, left := range a.Lhs {
					changes = changes || selected(left) == "Level"
				}
			}
			return true
		})
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CompositeLit:
				fields := map[string]ast.Expr{}
				for _, e := range n.Elts {
					if kv, ok := e.(*ast.KeyValueExpr); ok {
						if key, ok := kv.Key.(*ast.Ident); ok {
							fields[key.Name] = kv.Value
						}
					}
				}
				if check := fields["Check"]; check != nil {
					s.note(check, in, changes || selected(fields["Level"]) != "Fine")
				}
			case *ast.AssignStmt:
				for i, left := range n.Lhs {
					if selected(left) == "Check" && len(n.Rhs) == len(n.Lhs) {
						s.note(n.Rhs[i], in, true)
					}
				}
			case *ast.CallExpr:
				switch name := selected(n.Fun); {
				case name == "OK" && len(n.Args) > 1:
					s.note(n.Args[0], in, changes)
				case name == "Finding" && len(n.Args) == 1:
					s.note(n.Args[0], in, true)
				}
			}
			return true
		})
	})
}

// callers looks for what is passed to those that make findings of a given name.
func (s *findingsInSource) callers(file *ast.File) {
	s.functions(file, func(f *ast.FuncDecl, in scope) {
		ast.Inspect(f, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				for i, arg := range call.Args {
					if fails, ok := s.passed[param{selected(call.Fun), i}]; ok {
						s.note(arg, in, fails)
					}
				}
			}
			return true
		})
	})
}

// selected returns the last name of an expression, as OK of cdc.OK.
func selected(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}
