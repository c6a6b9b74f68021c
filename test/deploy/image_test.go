//go:build deploy

package deploy

import (
	"bytes"
	"debug/elf"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestDockerfile: hadolint has nothing to say.
func TestDockerfile(t *testing.T) {
	if out, err := run(t, root, tool(t, "hadolint"), "--no-color", "deploy/Dockerfile"); err != nil || out != "" {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestBinaryIsStatic: the file of the image needs no other.
func TestBinaryIsStatic(t *testing.T) {
	f, err := elf.Open(binary(t))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("it has a segment %v: something must load it", p.Type)
		}
	}
}

// TestImage: buildah builds it without a daemon; it holds one file and nothing else, and
// what is in it works as the user that it names, in a root where nothing else is.
func TestImage(t *testing.T) {
	rootfs := built(t)
	var files []string
	err := filepath.WalkDir(rootfs, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, strings.TrimPrefix(path, rootfs))
		}
		return err
	})
	if err != nil || !slices.Equal(files, []string{"/runrate"}) {
		t.Errorf("it holds %v, %v", files, err)
	}
	var out bytes.Buffer
	version := inside(rootfs, "version")
	version.Stdout, version.Stderr = &out, &out
	if err := version.Run(); err != nil || !strings.Contains(out.String(), "runrate") {
		t.Fatalf("version: %v\n%s", err, &out)
	}
	serves(t, rootfs)
}

// built is the root of the image's files. Without buildah it is an empty directory with the
// binary, which is what deploy/Dockerfile says.
func built(t *testing.T) string {
	t.Helper()
	unpacked := filepath.Join(root, ".cache/deploy/buildah")
	if _, err := os.Stat(unpacked); err != nil || os.Geteuid() != 0 {
		t.Log("not built: there is no buildah, or this is not root; the binary is run in an empty directory")
		dir := filepath.Join(t.TempDir(), "root")
		content, err := os.ReadFile(binary(t))
		if err == nil {
			err = os.MkdirAll(dir, 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "runrate"), content, 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
		return dir
	}
	binary(t)
	unpacked, err := filepath.Abs(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	policy := filepath.Join(dir, "policy.json")
	if err := os.WriteFile(policy, []byte(`{"default":[{"type":"insecureAcceptAnything"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	buildah := func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), filepath.Join(unpacked, "usr/bin/buildah"),
			append([]string{"--root", filepath.Join(dir, "root"), "--runroot", filepath.Join(dir, "run"), "--storage-driver", "vfs"}, args...)...)
		cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+filepath.Join(unpacked, "usr/lib", runtimeTriple())+":"+filepath.Join(unpacked, "lib", runtimeTriple()))
		cmd.Dir = root
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Run(); err != nil {
			t.Fatalf("buildah %s: %v\n%s%s", strings.Join(args, " "), err, &out, &errs)
		}
		return strings.TrimSpace(out.String())
	}
	buildah("bud", "--isolation", "chroot", "--signature-policy", policy, "-f", "deploy/Dockerfile", "-t", "runrate:test", "bin/image")
	var image struct {
		OCI struct {
			Config struct {
				User       string
				Entrypoint []string
			} `json:"config"`
		} `json:"OCIv1"`
	}
	if err := json.Unmarshal([]byte(buildah("inspect", "--type", "image", "localhost/runrate:test")), &image); err != nil {
		t.Fatal(err)
	}
	if c := image.OCI.Config; c.User != "65532:65532" || !slices.Equal(c.Entrypoint, []string{"/runrate"}) {
		t.Errorf("the image runs %v as %q", c.Entrypoint, c.User)
	}
	container := buildah("from", "--signature-policy", policy, "localhost/runrate:test")
	mounted := buildah("mount", container)
	t.Cleanup(func() { buildahEnd(t, unpacked, dir, container) })
	return mounted
}

// buildahEnd lets go of a container, so that its files can be removed.
func buildahEnd(t *testing.T, unpacked, dir, container string) {
	cmd := exec.Command(filepath.Join(unpacked, "usr/bin/buildah"), "--root", filepath.Join(dir, "root"), "--runroot", filepath.Join(dir, "run"), "--storage-driver", "vfs", "rm", container)
	cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+filepath.Join(unpacked, "usr/lib", runtimeTriple())+":"+filepath.Join(unpacked, "lib", runtimeTriple()))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("buildah rm: %v\n%s", err, out)
	}
}

// runtimeTriple is what Debian calls this machine's kind.
func runtimeTriple() string {
	if runtime.GOARCH == "arm64" {
		return "aarch64-linux-gnu"
	}
	return "x86_64-linux-gnu"
}

// inside is a command of the image, in its root and as nobody in particular: by the rights
// of root, or as anybody by a user namespace.
func inside(rootfs string, args ...string) *exec.Cmd {
	cmd := exec.Command("/runrate", args...)
	cmd.Dir, cmd.Env = "/", []string{"PATH=/"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: rootfs, Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: 65532, Gid: 65532, NoSetGroups: true}
	} else {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 65532, HostID: os.Geteuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 65532, HostID: os.Getegid(), Size: 1}}
	}
	return cmd
}

// serves holds that the gateway answers out of the image.
func serves(t *testing.T, rootfs string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	var out bytes.Buffer
	cmd := inside(rootfs, "gateway", "--without-keys", "--listen", address, "--admin-listen", "127.0.0.1:0", "--brokers", "127.0.0.1:1")
	cmd.Stdout, cmd.Stderr = &out, &out
	started := make(chan error)
	ended := make(chan struct{})
	go func() { // Pdeathsig is of the thread that starts it
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		started <- cmd.Start()
		_ = cmd.Wait()
		close(ended)
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); <-ended }()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		resp, err := http.Get("http://" + address + "/openapi.json")
		if err == nil {
			body, readErr := io.ReadAll(resp.Body)
			resp.Body.Close()
			if readErr != nil || resp.StatusCode != http.StatusOK || !bytes.Contains(body, []byte("3.1")) {
				t.Errorf("%v %s %.200s", readErr, resp.Status, body)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(fmt.Errorf("the gateway does not answer: %w", err))
		}
	}
}
