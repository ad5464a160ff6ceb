//! What assertions are in tests: here they end the scenario, and the report names the place.

/// Fails unless a condition holds.
macro_rules! ensure {
    ($condition:expr) => {
        ensure!($condition, "not so: {}", stringify!($condition))
    };
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err(format!("{}:{}: {}", file!(), line!(), format_args!($($message)+)).into());
        }
    };
}

/// Fails unless two values are equal.
macro_rules! ensure_eq {
    ($left:expr, $right:expr) => {{
        let (left, right) = (&$left, &$right);
        ensure!(left == right, "{} is {left:?}, not {right:?}", stringify!($left));
    }};
}

/// Fails unless a value has a pattern's form.
macro_rules! ensure_matches {
    ($value:expr, $pattern:pat $(if $guard:expr)?) => {{
        let value = &$value;
        ensure!(matches!(value, $pattern $(if $guard)?), "{} is {value:?}", stringify!($value));
    }};
}
