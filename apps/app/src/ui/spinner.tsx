import { useEffect, useRef, type ReactNode } from "react";
import { Animated, Easing, Platform, View } from "react-native";
import Svg, { Path } from "react-native-svg";
import { motionOf } from "./web.ts";

/** A short arc that turns. The thing that waits is named by the words beside it. */
export function Spinner({ color, size = 18 }: { color: string; size?: number }) {
  const arc = (
    <Svg width={size} height={size} viewBox="0 0 24 24" fill="none">
      <Path d="M12 3a9 9 0 0 1 9 9" stroke={color} strokeWidth={3} strokeLinecap="round" />
    </Svg>
  );
  const box = { width: size, height: size };
  if (Platform.OS !== "web") return <Turning style={box}>{arc}</Turning>;
  return (
    <View aria-hidden style={box} {...motionOf("turn")}>
      {arc}
    </View>
  );
}

function Turning({ style, children }: { style: { width: number; height: number }; children: ReactNode }) {
  const angle = useRef(new Animated.Value(0)).current;
  useEffect(() => {
    const loop = Animated.loop(
      Animated.timing(angle, { toValue: 1, duration: 800, easing: Easing.linear, useNativeDriver: true }),
    );
    loop.start();
    return () => loop.stop();
  }, [angle]);
  const rotate = angle.interpolate({ inputRange: [0, 1], outputRange: ["0deg", "360deg"] });
  return (
    <Animated.View aria-hidden style={[style, { transform: [{ rotate }] }]}>
      {children}
    </Animated.View>
  );
}
