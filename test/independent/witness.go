// witness KEY-FILE VKEY-OF-LOG: a witness that is pushed to (c2sp.org/tlog-witness), of which
// notes and proofs are checked by golang.org/x/mod, which checks Go's checksum database.
// It prints its URL, and ends when its standard input does.
package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type witness struct {
	name string
	id   []byte
	key  ed25519.PrivateKey
	log  note.Verifier
	lock sync.Mutex
	seen map[string]tlog.Tree
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// readKey takes PRIVATE+KEY+NAME+ID+base64(type, seed).
func (w *witness) readKey(path string) {
	text, err := os.ReadFile(path)
	must(err)
	parts := strings.SplitN(strings.TrimSpace(string(text)), "+", 5)
	w.name = parts[2]
	w.id, err = hex.DecodeString(parts[3])
	must(err)
	secret, err := base64.StdEncoding.DecodeString(parts[4])
	must(err)
	w.key = ed25519.NewKeyFromSeed(secret[1:])
}

func (w *witness) cosign(text string) string {
	now := uint64(time.Now().Unix())
	signature := ed25519.Sign(w.key, []byte(fmt.Sprintf("cosignature/v1\ntime %d\n%s", now, text)))
	bytes := append(append([]byte{}, w.id...), make([]byte, 8)...)
	binary.BigEndian.PutUint64(bytes[4:], now)
	return "\u2014 " + w.name + " " + base64.StdEncoding.EncodeToString(append(bytes, signature...)) + "\n"
}

func (w *witness) add(body string) (int, string) {
	head, checkpoint, found := strings.Cut(body, "\n\n")
	lines := strings.Split(head, "\n")
	old, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "old "), 10, 64)
	if !found || err != nil || !strings.HasPrefix(lines[0], "old ") {
		return 400, "malformed\n"
	}
	var proof tlog.TreeProof
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return 400, err.Error()
		}
		proof = append(proof, hash)
	}
	if !strings.HasPrefix(checkpoint, w.log.Name()+"\n") {
		return 404, "unknown origin\n"
	}
	opened, err := note.Open([]byte(checkpoint), note.VerifierList(w.log))
	if err != nil {
		return 403, err.Error()
	}
	fields := strings.Split(opened.Text, "\n")
	var tree tlog.Tree
	if tree.N, err = strconv.ParseInt(fields[1], 10, 64); err != nil {
		return 400, err.Error()
	}
	if tree.Hash, err = tlog.ParseHash(fields[2]); err != nil {
		return 400, err.Error()
	}
	w.lock.Lock()
	defer w.lock.Unlock()
	known := w.seen[fields[0]]
	switch {
	case old > tree.N:
		return 400, "old is more than the size\n"
	case old != known.N:
		return 409, fmt.Sprintf("%d\n", known.N)
	case old == 0 && len(proof) > 0:
		return 422, "a proof from nothing\n"
	case old > 0:
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, known.N, known.Hash); err != nil {
			return 422, err.Error()
		}
	}
	w.seen[fields[0]] = tree
	return 200, w.cosign(opened.Text)
}

func main() {
	w := &witness{seen: map[string]tlog.Tree{}}
	w.readKey(os.Args[1])
	var err error
	w.log, err = note.NewVerifier(os.Args[2])
	must(err)
	http.HandleFunc("/w/add-checkpoint", func(out http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		status, answer := w.add(string(body))
		if status == 409 {
			out.Header().Set("Content-Type", "text/x.tlog.size")
		}
		out.WriteHeader(status)
		io.WriteString(out, answer)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	fmt.Printf("http://%s/w\n", listener.Addr())
	go func() { must(http.Serve(listener, nil)) }()
	io.Copy(io.Discard, os.Stdin)
}
