package filter

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

const (
	mostText  = 4096    // bytes of an expression
	mostDepth = 100     // of parentheses and the like
	mostCost  = 100_000 // that an expression may take of one event, in CEL's units
)

// The variables of an expression.
const (
	varEvent    = "event"
	varObject   = "object"
	varAction   = "action"
	varData     = "data"
	varPrevious = "previous"
	varChanged  = "changed"
	varActor    = "actor"
)

// environment is what expressions are checked against.
var environment = sync.OnceValues(func() (*cel.Env, error) {
	record := cel.MapType(cel.StringType, cel.DynType)
	return cel.NewEnv(
		cel.Variable(varEvent, cel.StringType),
		cel.Variable(varObject, cel.StringType),
		cel.Variable(varAction, cel.StringType),
		cel.Variable(varData, record),
		cel.Variable(varPrevious, record),
		cel.Variable(varChanged, cel.ListType(cel.StringType)),
		cel.Variable(varActor, cel.DynType),
		cel.EnableMacroCallTracking(), // for Why, which quotes parts of them
		cel.ParserExpressionSizeLimit(mostText),
		cel.ParserRecursionLimit(mostDepth),
		cel.ASTValidators(cel.ValidateRegexLiterals(), cel.ValidateTimestampLiterals(),
			cel.ValidateDurationLiterals()),
	)
})

// Filter is an expression that was checked. It is immutable, and safe for concurrent use.
type Filter struct {
	text    string
	program cel.Program
	parts   func() []*Filter // what is joined by && on the outside, where that is several
	fields  []string         // see Fields
}

// Compile checks an expression. The error says what is wrong with it, and where.
func Compile(text string) (*Filter, error) {
	if len(text) > mostText {
		return nil, fmt.Errorf("has %d bytes, and at most %d are taken", len(text), mostText)
	}
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("is empty; null stands for no filter")
	}
	env, err := environment()
	if err != nil {
		return nil, err
	}
	ast, issues := env.Compile(text)
	if found := issues.Errors(); len(found) > 0 {
		first := found[0]
		message := oneLine(first.Message)
		if first.Location.Line() < 1 { // it is about all of it
			return nil, errors.New(message)
		}
		return nil, fmt.Errorf("line %d, column %d: %s",
			first.Location.Line(), first.Location.Column()+1, message)
	}
	if out := ast.OutputType(); !out.IsExactType(cel.BoolType) && !out.IsExactType(cel.DynType) {
		line, column := begins(text)
		return nil, fmt.Errorf("line %d, column %d: is %s, and has to be true or false", line, column,
			out)
	}
	f := &Filter{text: text}
	options := []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize)}
	root := ast.NativeRep().Expr()
	if !isCheap(root) {
		options = append(options, cel.CostLimit(mostCost))
	}
	if f.program, err = env.Program(ast, options...); err != nil {
		return nil, errors.New(oneLine(err.Error()))
	}
	f.fields = fieldsOf(root)
	f.parts = sync.OnceValue(func() []*Filter { return parts(ast.NativeRep()) })
	return f, nil
}

// begins returns where an expression has its first character that is no blank, from 1.
func begins(text string) (line, column int) {
	before := text[:strings.IndexFunc(text, func(r rune) bool { return !unicode.IsSpace(r) })]
	last := before[strings.LastIndex(before, "\n")+1:]
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(last) + 1
}

// parts compiles what is joined by && on the outside; nil where that is one thing, or cannot be
// spelled out.
func parts(ast *celast.AST) (list []*Filter) {
	joined := conjuncts(ast.Expr())
	if len(joined) == 1 {
		return nil
	}
	for _, e := range joined {
		text, err := cel.ExprToString(e, ast.SourceInfo())
		if err != nil {
			return nil
		}
		part, err := Compile(text)
		if err != nil {
			return nil
		}
		list = append(list, part)
	}
	return list
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// String returns the expression as it was given, "" without a filter.
func (f *Filter) String() string {
	if f == nil {
		return ""
	}
	return f.text
}

// Fields returns the names of fields that the expression asks for, as far as it spells them out:
// data.stage, previous["stage"], 'stage' in changed. They are sorted.
func (f *Filter) Fields() []string {
	if f == nil {
		return nil
	}
	return f.fields
}

// Passes reports whether an event is for the webhook. The error says why that cannot be told, and
// holds nothing of the record.
func (f *Filter) Passes(r *Reader) (bool, error) {
	value, _, err := f.program.Eval(r)
	if err != nil {
		return false, f.explain(err)
	}
	passes, ok := value.(types.Bool)
	if !ok {
		return false, errors.New("it is neither true nor false")
	}
	return bool(passes), nil
}

// Errors of an evaluation. CEL's own may quote values of the record.
var (
	errUnknownBefore = errors.New("it is not known what the record was before: " +
		"the table's replica identity is not FULL, or the record is one that not everybody may read")
	errOverload = errors.New("a value has a type that an operator or a function does not take; " +
		"null has none: ask for it first, data.x != null")
	errCost = errors.New("it takes more steps than one event may take")
	errElse = errors.New("a value cannot be converted, or used as it is")
)

// explain returns an error of an evaluation without what it tells of the record.
func (f *Filter) explain(err error) error {
	text := err.Error()
	const noKey = "no such key: "
	switch {
	case strings.Contains(text, errUnknownBefore.Error()):
		return errUnknownBefore
	case strings.HasPrefix(text, noKey):
		if name := text[len(noKey):]; slices.Contains(f.fields, name) {
			return fmt.Errorf("there is no field %s; has(data.%[1]s) asks for that", name)
		}
		return errors.New("there is no such field; has() asks for that")
	case strings.HasPrefix(text, "no such overload"):
		return errOverload
	case strings.Contains(text, "cost limit exceeded"):
		return errCost
	}
	return errElse
}

// Why says why an event does not pass: the first part of the expression that is false, of those
// that are joined by &&.
func (f *Filter) Why(r *Reader) string {
	for _, part := range f.parts() {
		if passes, err := part.Passes(r); err == nil && !passes {
			return part.text + " is false"
		}
	}
	return f.text + " is false"
}

// Decide returns what the filter makes of an event, and why that cannot be told; with why, also why
// it does not pass.
func (f *Filter) Decide(r *Reader, why bool) (v Verdict, reason string) {
	passes, err := f.Passes(r)
	switch {
	case err != nil:
		return Failed, err.Error()
	case !passes && why:
		return Withheld, f.Why(r)
	case !passes:
		return Withheld, ""
	}
	return Passed, ""
}

// cheap are the functions that take no longer the larger the values of a record are, or so little
// that it need not be counted.
var cheap = []string{
	operators.Conditional, operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot,
	operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals,
	operators.Greater, operators.GreaterEquals, operators.Index, operators.In,
	"startsWith", "endsWith",
}

// isCheap reports whether an expression is bounded by its length: then its cost need not be
// counted, which takes longer than most expressions do.
func isCheap(root celast.Expr) bool {
	is := true
	celast.PreOrderVisit(root, celast.NewExprVisitor(func(e celast.Expr) {
		switch e.Kind() {
		case celast.ComprehensionKind:
			is = false
		case celast.CallKind:
			is = is && slices.Contains(cheap, e.AsCall().FunctionName())
		}
	}))
	return is
}

// conjuncts returns what is joined by && on the outside.
func conjuncts(e celast.Expr) (list []celast.Expr) {
	if e.Kind() == celast.CallKind && e.AsCall().FunctionName() == operators.LogicalAnd {
		for _, arg := range e.AsCall().Args() {
			list = append(list, conjuncts(arg)...)
		}
		return list
	}
	return []celast.Expr{e}
}

// fieldsOf returns the names of fields that an expression spells out.
func fieldsOf(root celast.Expr) (names []string) {
	literal := func(e celast.Expr) {
		if e.Kind() != celast.LiteralKind {
			return
		}
		if name, ok := e.AsLiteral().(types.String); ok {
			names = append(names, string(name))
		}
	}
	celast.PreOrderVisit(root, celast.NewExprVisitor(func(e celast.Expr) {
		switch e.Kind() {
		case celast.SelectKind:
			if s := e.AsSelect(); isRecord(s.Operand()) {
				names = append(names, s.FieldName())
			}
		case celast.CallKind:
			switch args := e.AsCall().Args(); e.AsCall().FunctionName() {
			case operators.Index:
				if isRecord(args[0]) {
					literal(args[1])
				}
			case operators.In:
				if isRecord(args[1]) || isIdent(args[1], varChanged) {
					literal(args[0])
				}
			}
		}
	}))
	slices.Sort(names)
	return slices.Compact(names)
}

func isRecord(e celast.Expr) bool { return isIdent(e, varData) || isIdent(e, varPrevious) }

func isIdent(e celast.Expr, name string) bool {
	return e.Kind() == celast.IdentKind && e.AsIdent() == name
}
