import { useEffect, useState } from "react";
import { AccessibilityInfo } from "react-native";

/** True when the system asks for less motion. Starts false and follows the system while mounted. */
export function useReducedMotion(): boolean {
  const [reduced, setReduced] = useState(false);
  useEffect(() => {
    let here = true;
    void AccessibilityInfo.isReduceMotionEnabled().then((value) => here && setReduced(value));
    const subscription = AccessibilityInfo.addEventListener("reduceMotionChanged", setReduced);
    return () => {
      here = false;
      subscription?.remove();
    };
  }, []);
  return reduced;
}
