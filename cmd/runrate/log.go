package main

import (
	"fmt"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// startLog makes the log: for people on a terminal, JSON for collectors
// elsewhere. It goes to standard error; results go to standard output.
func (a *app) startLog() error {
	level, err := zapcore.ParseLevel(a.logLevel)
	if err != nil {
		return usageError{fmt.Errorf("--log-level %q is none of debug, info, warn, error", a.logLevel)}
	}
	config := zap.NewProductionEncoderConfig()
	config.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	config.EncodeDuration = zapcore.StringDurationEncoder
	encoder := zapcore.NewJSONEncoder(config)
	if terminal(a.err) {
		config.EncodeTime = zapcore.TimeEncoderOfLayout("15:04:05.000")
		config.EncodeLevel = zapcore.CapitalColorLevelEncoder
		encoder = zapcore.NewConsoleEncoder(config)
	}
	a.log = zap.New(zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(a.err)), level))
	return nil
}
