-- What usage ARR means: arr_multiplier x the usage revenue of arr_window_days.
SELECT arr_window_days, arr_multiplier FROM {db}.definitions
