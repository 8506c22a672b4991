package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// The scripts of all three shells ask the hidden command complete, which knows the commands of the
// binary that is installed: they need not be made anew with a new version.

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

const bashCompletion = `# Load it with: source <(hookline completion bash)
_hookline() {
	local word line
	COMPREPLY=()
	word=${COMP_WORDS[COMP_CWORD]}
	while IFS=$'\t' read -r line _; do
		COMPREPLY+=("$line")
	done < <("${COMP_WORDS[0]}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
	if [ ${#COMPREPLY[@]} -eq 1 ] && [ "${COMPREPLY[0]%=}" != "${COMPREPLY[0]}" ]; then
		compopt -o nospace
	fi
}
complete -o default -F _hookline hookline
`

const zshCompletion = `#compdef hookline
# Load it with: source <(hookline completion zsh)
_hookline() {
	local -a candidates
	local name help
	while IFS=$'\t' read -r name help; do
		candidates+=("${name//:/\\:}:$help")
	done < <("${words[1]}" complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
	if (( ${#candidates} )); then
		_describe hookline candidates
	else
		_files
	fi
}
compdef _hookline hookline
`

const fishCompletion = `# Load it with: hookline completion fish | source
function __hookline_complete
	set -l words (commandline -opc) (commandline -ct)
	command $words[1] complete -- $words[2..-1] 2>/dev/null
end
complete -c hookline -f -a '(__hookline_complete)'
`

func (c completionCommand) Run() error {
	scripts := map[string]string{"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}
	_, err := io.WriteString(os.Stdout, scripts[c.Shell])
	return err
}

// completeCommand prints what the last of the words may become: a candidate on each line, a tab,
// and what it is for.
type completeCommand struct {
	Words []string `arg:"" optional:"" passthrough:""`
}

func (c completeCommand) Run(app *kong.Kong) error {
	words := c.Words
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	for _, candidate := range complete(app.Model.Node, words) {
		fmt.Println(candidate)
	}
	return nil
}

// complete returns the candidates for the last of words, which may be empty, with a tab and a help
// text behind each.
func complete(node *kong.Node, words []string) (list []string) {
	if n := len(words); n == 0 || words[n-1] == "=" {
		words = append(slices.Clone(words), "")
	}
	// bash makes a word of it
	words = slices.DeleteFunc(slices.Clone(words), func(word string) bool { return word == "=" })
	last := words[len(words)-1]
	flags := slices.Clone(node.Flags)
	for i, word := range words[:len(words)-1] {
		if flag := find(flags, word); flag != nil {
			if takesNext(flag, word) && i == len(words)-2 {
				return values(flag.Enum, last, "")
			}
			continue
		}
		for _, child := range node.Children {
			if child.Type == kong.CommandNode && child.Name == word {
				node = child
				flags = append(flags, node.Flags...)
				break
			}
		}
	}
	if name, value, given := strings.Cut(last, "="); given {
		if flag := find(flags, name); flag != nil {
			return values(flag.Enum, value, name+"=")
		}
		return nil
	}
	if strings.HasPrefix(last, "-") {
		for _, flag := range flags {
			name := "--" + flag.Name
			if !flag.IsBool() {
				name += "="
			}
			if !flag.Hidden && strings.HasPrefix(name, last) {
				list = append(list, name+"\t"+brief(flag.Help))
			}
		}
		slices.Sort(list)
		return list
	}
	for _, child := range node.Children {
		if child.Type == kong.CommandNode && !child.Hidden && strings.HasPrefix(child.Name, last) {
			list = append(list, child.Name+"\t"+brief(child.Help))
		}
	}
	for _, argument := range node.Positional {
		list = append(list, values(argument.Enum, last, "")...)
	}
	return list
}

// find returns the flag that a word names, nil for none.
func find(flags []*kong.Flag, word string) *kong.Flag {
	name, _, _ := strings.Cut(word, "=")
	i := slices.IndexFunc(flags, func(f *kong.Flag) bool {
		return name == "--"+f.Name || f.Short != 0 && name == "-"+string(f.Short)
	})
	if i < 0 {
		return nil
	}
	return flags[i]
}

// takesNext reports whether the value of a flag is the word after it.
func takesNext(flag *kong.Flag, word string) bool {
	return !flag.IsBool() && !strings.Contains(word, "=")
}

func values(enum, begin, prefix string) (list []string) {
	for value := range strings.SplitSeq(enum, ",") {
		if value != "" && strings.HasPrefix(value, begin) {
			list = append(list, prefix+value)
		}
	}
	return list
}

// brief returns the first sentence of a help text.
func brief(help string) string {
	first, _, _ := strings.Cut(help, ". ")
	first, _, _ = strings.Cut(first, ": ")
	return strings.TrimSuffix(first, ".")
}
