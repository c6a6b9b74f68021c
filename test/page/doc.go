// Package page looks at the page of the numbers in a real browser, Chromium: what is on it
// equals the views, trouble turns it red, and it can be read by all. The tests are behind the build
// tag chromium, since the browser must be there first: make test-page.
//
// With -update the test also writes the screenshots of docs/.
package page
