// Package console tests the console with a real browser.
package console

import (
	"bytes"
	"context"
	_ "embed"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"hookline/e2e"
)

var (
	screenshots = flag.Bool("screenshots", false, "write docs/images anew")
	all         = flag.Bool("all", false,
		"with -screenshots: of every page, not only those that the docs have")
)

// limit is how long a page may take to show what it is to show.
const limit = 30 * time.Second

// browser is one page of a browser. Whatever it complains about fails the test at its end: a script
// that was kept from running, a
// file that is missing, an exception.
type browser struct {
	t    *testing.T // the present one
	top  *testing.T // who has it
	ctx  context.Context
	base string // where the console is
	end  func() // closes it, and tells what it has complained of

	mu         sync.Mutex
	complaints []string
}

// newBrowser returns one that looks at the console at an address. Without Chromium the test is
// skipped. Whoever ends what serves the console has to end the browser first: it asks for icons
// when it likes.
func newBrowser(t *testing.T, base string) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("there is no chromium: apt-get install chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()))
	allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	b := &browser{t: t, top: t, ctx: ctx, base: base}
	b.end = sync.OnceFunc(func() {
		_ = chromedp.Cancel(ctx)
		cancel()
		end()
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, c := range b.complaints {
			t.Errorf("the browser complains: %s", c)
		}
	})
	t.Cleanup(b.end)
	b.size(1200, 800)
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		t.Fatal(err)
	}
	call(b, log.Enable, cdp.Empty{})
	return b
}

func (b *browser) listen(event any) {
	complaint := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		complaint = fmt.Sprintf("%+v", *e.ExceptionDetails)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			for _, arg := range e.Args {
				complaint += string(arg.Value) + arg.Description
			}
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			complaint = e.Entry.Text + " " + e.Entry.URL
		}
	case *page.EventJavascriptDialogOpening:
		complaint = "a dialog has opened: " + e.Message
	}
	if complaint != "" {
		b.mu.Lock()
		b.complaints = append(b.complaints, complaint)
		b.mu.Unlock()
	}
}

// forgive takes back complaints that are expected.
func (b *browser) forgive(about string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var rest []string
	for _, c := range b.complaints {
		if !strings.Contains(c, about) {
			rest = append(rest, c)
		}
	}
	b.complaints = rest
}

var addr = regexp.MustCompile(`msg="serving console, API and profiles" addr=(\S+)`)

// consoleOf returns the address of a process' console.
func consoleOf(t *testing.T, p *e2e.Process) string {
	t.Helper()
	found := addr.FindStringSubmatch(p.Log.String())
	if found == nil {
		t.Fatal("nothing serves the console")
	}
	return "http://" + found[1]
}

func (b *browser) run(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, limit)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// call runs a command of the browser.
func call[P, R any](b *browser, command cdp.Command[P, R], params P) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, command, params); err != nil {
		b.t.Fatal(err)
	}
}

// evaluate returns the value of an expression of JavaScript.
func evaluate[T any](b *browser, expression string) T {
	b.t.Helper()
	value, err := try[T](b, expression)
	if err != nil {
		b.t.Fatal(err)
	}
	return value
}

// try is evaluate where the page may be on its way to another one.
func try[T any](b *browser, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(b.ctx, limit)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression))
}

func (b *browser) open(path string) {
	b.t.Helper()
	b.run(chromedp.Navigate(b.base + path))
}

// until waits until the page shows a text.
func (b *browser) until(text string) {
	b.t.Helper()
	e2e.Eventually(b.t, func() error {
		if got, err := try[string](b, textJS); err != nil {
			return err
		} else if !strings.Contains(got, text) {
			return fmt.Errorf("the page does not show %q, but:\n%s", text, got)
		}
		return nil
	})
}

func (b *browser) text() string {
	b.t.Helper()
	return evaluate[string](b, textJS)
}

const textJS = `location.pathname + "\n" + (document.body?.innerText ?? "")`

// click clicks the link or button with that text, once it is there.
func (b *browser) click(text string) {
	b.t.Helper()
	e2e.Eventually(b.t, func() error { // in one step: what is there may be replaced at any moment
		clicked, err := try[bool](b, fmt.Sprintf(clickJS, text))
		if err == nil && !clicked {
			got, _ := try[string](b, textJS)
			err = fmt.Errorf("there is no %q to click:\n%s", text, got)
		}
		return err
	})
}

const clickJS = `(() => {
	if (document.readyState !== "complete") return false; // scripts are not there yet
	const one = [...document.querySelectorAll("a, button")].find(
		(e) => e.innerText.trim() === %q && e.getClientRects().length > 0);
	one?.click();
	return one !== undefined;
})()`

func (b *browser) fill(field, text string) {
	b.t.Helper()
	e2e.Eventually(b.t, func() error {
		filled, err := try[bool](b, fmt.Sprintf(
			"(e => e !== null && (e.value = %q, true))(document.getElementById(%q))", text, field))
		if err == nil && !filled {
			err = fmt.Errorf("there is no field %s", field)
		}
		return err
	})
}

func (b *browser) size(width, height int64) {
	b.t.Helper()
	call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: height, DeviceScaleFactor: 1, Mobile: width < 700,
	})
}

func (b *browser) dark(dark bool) {
	b.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		},
	})
}

// shoot writes the page as it is to docs/images.
func (b *browser) shoot(name string) {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(text))
	if err != nil {
		b.t.Fatal(err)
	}
	write(b.t, name, img)
}

// write writes an image in the 256 colours that it has most of.
func write(t *testing.T, name string, img image.Image) {
	t.Helper()
	counts := map[color.RGBA]int{}
	bounds := img.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			counts[color.RGBAModel.Convert(img.At(x, y)).(color.RGBA)]++
		}
	}
	palette := color.Palette{}
	for len(palette) < 256 && len(counts) > 0 {
		var best color.RGBA
		most := -1
		for c, n := range counts {
			if n *= 1 + colourful(c); n > most {
				best, most = c, n
			}
		}
		delete(counts, best)
		palette = append(palette, best)
	}
	small := image.NewPaletted(bounds, palette)
	draw.Draw(small, bounds, img, bounds.Min, draw.Src)
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, small); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("..", "..", "docs", "images", name+".png"), out.Bytes(),
		0o644); err != nil {
		t.Fatal(err)
	}
}

// colourful is how far a colour is from grey.
func colourful(c color.RGBA) int {
	return int(max(c.R, c.G, c.B)-min(c.R, c.G, c.B)) / 8
}

// readable checks what people need who do not see well, or use no mouse: names of fields and
// buttons, contrast, no sideways scrolling.
func (b *browser) readable(what string) {
	b.t.Helper()
	for _, f := range evaluate[[]string](b, readableJS) {
		b.t.Errorf("%s: %s", what, f)
	}
}

// readableJS returns what is wrong with the page.
//
//go:embed testdata/readable.js
var readableJS string
