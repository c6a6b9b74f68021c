// Package schemas holds the schemas of the events, for those who publish them:
// events/v1 the Protobuf form, jsonschema the JSON form (draft 2020-12), one
// file for each type of event. What they say is what package event accepts; its
// tests hold the two together.
package schemas

import "embed"

//go:generate go run ./generate

// JSON holds jsonschema/<type>.schema.json for each type of event.
//
//go:embed jsonschema/*.schema.json
var JSON embed.FS

// Proto holds events/v1/event.proto.
//
//go:embed events/v1/*.proto
var Proto embed.FS
