"""What costs money: model calls, journalled, throttled, bounded."""
